// What no manifest may do to the agent.
#include "drivers/host/own_rules.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "drivers/host/file_spec.h"
#include "drivers/host/unit_spec.h"
#include "kinds/table.h"
#include "support/problem_text.h"
#include "unit/drivers/file_work.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

std::string problems_of(const std::string& kind, const std::string& spec) {
  test::FileWork work({{"tree/a", "a"}, {"file", "x"}});
  Problems problems;
  const auto manifest = work.manifest(kind, "x", spec);
  kinds::TableKinds::own({"/"}).footprint(manifest, problems);
  return test::text_of(problems);
}

}  // namespace

TEST_CASE("own rules: manifests that would destroy the agent are refused, and say what of it") {
  struct Case {
    const char* kind;
    const char* spec;
    const char* said;
  };
  const std::vector<Case> cases{
      {"File", "{path: /var/lib/greenwave/state.db, content: x}", "the agent's state (/var/lib/greenwave)"},
      {"File", "{path: /var/lib/greenwave, content: x}", "is the agent's state"},
      {"File", "{path: /run/greenwave/busy.d/x, content: x}", "the agent's runtime directory"},
      {"File", "{path: /etc/greenwave/identity, content: x}", "the device's identity"},
      {"File", "{path: /etc/greenwave, content: x}", "takes the place of the directory"},
      {"File", "{path: /etc/greenwave/agent.yaml, content: x, mode: \"0666\"}", "mode: \"0644\""},
      {"File", "{path: /etc/greenwave/agent.yaml, content: x, mode: \"0660\"}",
       "lets others than root change"},
      {"File", "{path: /etc/greenwave/agent.yaml, content: x, owner: olga}", "another owner than root"},
      {"File", "{path: /usr/sbin/greenwaved, source: file, mode: \"0775\"}", "the agent's program"},
      {"File", "{path: /etc/systemd/system/multi-user.target.wants/greenwaved.service, content: x}",
       "at boot"},
      {"File", "{path: /usr/lib/greenwave/greenwave-guard, content: x}", "what guards the agent"},
      {"Directory", "{path: /etc/greenwave, source: tree, purge: true}", "purge removes"},
      {"Directory", "{path: /etc, source: tree, purge: true}", "purge removes"},
      {"Directory", "{path: /etc/systemd/system, source: tree, purge: true}", "purge removes"},
      {"Directory", "{path: /etc/greenwave, mode: \"0777\"}", "mode: \"0755\""},
      {"Directory", "{path: /etc/greenwave, mode: \"1777\"}", "lets others than root change"},
      {"Directory", "{path: /etc/greenwave, owner: olga}", "another owner than root"},
      {"Directory", "{path: /etc/greenwave, source: tree, fileMode: \"0666\"}", "fileMode: \"0644\""},
      {"Directory", "{path: /var/lib/greenwave, mode: \"0777\"}", "is the agent's state"},
      {"Directory", "{path: /var/lib, mode: \"0777\"}", "lets others than root change"},
      {"Directory", "{path: /var/lib, owner: olga}", "another owner than root"},
      {"SystemdUnit", "{name: greenwaved.service, running: false}", "does not stop itself"},
      {"SystemdUnit", "{name: greenwave-guard.service, running: false}", "does not stop what guards it"},
      {"SystemdUnit", "{name: greenwave-guard.service, enabled: false}", "does not disable what guards it"},
      {"SystemdUnit", "{name: greenwave-guard.service, masked: true}", "does not mask what guards it"},
      {"SystemdUnit", "{name: greenwave-guard.service, content: \"[Service]\"}", "what guards the agent"},
      {"SystemdUnit", "{name: greenwave-guard.service, dropIns: [{name: a.conf, content: \"[Unit]\"}]}",
       "what guards the agent"},
      {"SystemdUnit", "{name: greenwave-.service, dropIns: [{name: a.conf, content: \"[Unit]\"}]}",
       "what guards the agent"},
  };
  for (const auto& one : cases) {
    INFO(one.kind << " " << one.spec);
    CHECK_THAT(problems_of(one.kind, one.spec), Contains("error: ") && Contains(one.said));
  }
}

TEST_CASE("own rules: what the guard stands by for, and what is only near the agent, may be declared") {
  for (const auto& [kind, spec] : std::vector<std::pair<std::string, std::string>>{
           {"File", "{path: /etc/greenwave/agent.yaml, content: x}"},
           {"File", "{path: /etc/greenwave/allowed_signers, content: x, mode: \"0640\", group: greenwave}"},
           {"File", "{path: /etc/greenwave.conf, content: x, owner: olga, mode: \"0666\"}"},
           {"File", "{path: /usr/sbin/greenwaved, source: file, mode: \"0755\"}"},
           {"File", "{path: /etc/systemd/system/greenwaved.service.d/a.conf, content: x}"},
           {"File", "{path: /var/lib/greenwave/images/spat.tar, source: file}"},
           {"Directory", "{path: /etc/greenwave}"},
           {"Directory", "{path: /etc/greenwave, source: tree}"},
           {"Directory", "{path: /etc/systemd/system/greenwaved.service.d, source: tree, purge: true}"},
           {"Directory", "{path: /srv/app, source: tree, purge: true, owner: olga, mode: \"0777\"}"},
           {"SystemdUnit", "{name: greenwaved.service, enabled: true, running: true}"},
           {"SystemdUnit", "{name: greenwave-guard.service, enabled: true}"},
       }) {
    INFO(kind << " " << spec);
    CHECK(problems_of(kind, spec).empty());
  }
}

TEST_CASE("own rules: a link on the way does not lead a manifest to the agent") {
  test::TemporaryRoot root;
  fs::create_directories(root / "etc/greenwave");
  fs::create_directories(root / "var/lib/greenwave/git");
  fs::create_directory_symlink("greenwave", root / "etc/city");
  fs::create_directory_symlink("greenwave", root / "var/lib/city");
  fs::create_directory_symlink(".", root / "var/lib/here");
  config::Config config;
  config.root = root.path();
  const Host host{.root = root.path(), .allowed_paths = {"/etc", "/var/lib"}, .own = own_paths(config, "")};
  for (const auto* path : {"/etc/city/agent.yaml", "/etc/city/identity", "/var/lib/city/state.db",
                           "/var/lib/city/git/HEAD", "/var/lib/here/greenwave"}) {
    INFO(path);
    REQUIRE_FALSE(refusal_of(host, path));
    CHECK_THROWS_WITH(Parents(host).make(path), Contains("a link on the way"));
    CHECK_THROWS_WITH(Parents(host).find(path), Contains("a link on the way"));
  }
  CHECK_NOTHROW(Parents(host).make("/etc/city/other"));
  CHECK_NOTHROW(Parents(host).make("/var/lib/here/other"));
}
