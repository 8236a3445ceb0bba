#include "guard/own_check.h"

#include <set>

#include <catch2/catch.hpp>

#include "base/error.h"
#include "support/memory_tree.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::guard;
using Catch::Matchers::Contains;

namespace {

std::string wrong(std::string_view unit_file) {
  return wrong_start(unit_file, [](const std::string& path) { return path == "/opt/comes"; });
}

config::Config device_config() {
  config::Config config;
  config.file = "/etc/greenwave/agent.yaml";
  config.root = "/";
  config.allowed_signers = "/etc/greenwave/allowed_signers";
  config.identity_files = {"/etc/greenwave/identity"};
  config.named_files = {"/etc/greenwave/allowed_signers", "/etc/greenwave/token"};
  return config;
}

}  // namespace

TEST_CASE("own check: a unit whose program is not on the device is refused") {
  CHECK_THAT(wrong("[Service]\nExecStart=/usr/sbin/greenwavd\n"), Contains("/usr/sbin/greenwavd"));
  CHECK_THAT(wrong("[Service]\nExecStart=\nExecStart = -\"/no such/thing\" --once\n"),
             Contains("/no such/thing"));
  CHECK_THAT(wrong("[Service]\nExecStart=\\\n  /nowhere \\\n --once\n"), Contains("/nowhere"));
  CHECK_THAT(wrong("ExecStart=/etc/passwd\n"), Contains("not a program"));
}

TEST_CASE("own check: a unit is left alone where its program is there, comes, or only systemd can say") {
  CHECK(wrong("[Service]\nExecStart=/bin/sh -c true\n").empty());
  CHECK(wrong("[Service]\nExecStart=\n").empty());
  CHECK(wrong("[Service]\nExecStart=@/bin/sh sh\n").empty());
  CHECK(wrong("[Service]\nExecStart=/opt/comes --now\n").empty());
  CHECK(wrong("[Service]\nExecStart=/opt/%i/run\n").empty());
  CHECK(wrong("[Service]\n#ExecStart=/nowhere\nExecStartPre=/nowhere\n").empty());
}

TEST_CASE("own check: a unit is refused when a file that systemd reads before its start is not there") {
  for (const std::string line :
       {"EnvironmentFile=/no/such", "LoadCredential=a:/no/such", "LoadCredentialEncrypted=a:/no/such",
        "LoadCredential=a:/etc/hostname\nLoadCredential=b:/no/such", "EnvironmentFile=\\\n /no/such"}) {
    INFO(line);
    CHECK_THAT(wrong("[Service]\n" + line + "\n"), Contains(" names /no/such, which is not on this device"));
  }
}

TEST_CASE(
    "own check: such a file may be missing where systemd does without, comes along, or only systemd can "
    "say") {
  for (const std::string line :
       {"EnvironmentFile=-/no/such", "EnvironmentFile=", "EnvironmentFile=/etc/default/*.no-such",
        "EnvironmentFile=/run/%n/env", "LoadCredential=a", "LoadCredential=a:", "LoadCredential=a:in-a-store",
        "LoadCredential=a:/no/such\nSetCredential=a:none", "LoadCredential=a:/opt/comes",
        "LoadCredential=a:/etc"}) {
    INFO(line);
    CHECK(wrong("[Service]\n" + line + "\n").empty());
  }
}

TEST_CASE("own files: what the agent starts with is known by its path") {
  const OwnFiles files(device_config(), "/usr/sbin/greenwaved");
  CHECK(files.part_at("/etc/greenwave/agent.yaml") == Part::configuration);
  CHECK(files.part_at("/etc/greenwave/allowed_signers") == Part::trust);
  CHECK(files.part_at("/etc/greenwave/identity") == Part::identity);
  CHECK(files.part_at("/etc/greenwave/token") == Part::named);
  CHECK(files.part_at("/etc/systemd/system/greenwaved.service") == Part::unit);
  CHECK(files.part_at("/etc/systemd/system/greenwaved.service.d/10-a.conf") == Part::unit);
  CHECK(files.part_at("/etc/systemd/system/service.d/10-a.conf") == Part::unit);
  CHECK(files.part_at("/etc/systemd/system/greenwave-guard.service.d/a.conf") == Part::guard);
  CHECK(files.part_at("/usr/sbin/greenwaved") == Part::program);
  CHECK_FALSE(files.part_at("/etc/greenwave/agent.yaml.old"));
  CHECK_FALSE(files.part_at("/etc/systemd/system/chrony.service"));
}

TEST_CASE("own files: the agent's package has a hand in the program, its units, and what takes it back") {
  const OwnFiles files(device_config(), "/usr/sbin/greenwaved");
  CHECK(files.claimed_by({"package:chrony"}).empty());
  std::set<std::string> paths;
  for (const auto& file : files.claimed_by({"package:greenwave"})) paths.insert(file.path);
  for (const auto* path :
       {"/usr/sbin/greenwaved", "/lib/systemd/system/greenwaved.service", "/usr/lib/greenwave",
        "/etc/greenwave/agent.yaml", "/lib/systemd/system/greenwave-packages.service"}) {
    INFO(path);
    CHECK(paths.contains(path));
  }
  CHECK_FALSE(paths.contains("/etc/greenwave/identity"));
  CHECK_FALSE(paths.contains("/etc/systemd/system/greenwave-guard.service"));
}

TEST_CASE("own files: a claim above or inside one has a hand in it") {
  const OwnFiles files(device_config(), "/usr/sbin/greenwaved");
  const auto count = [&](const std::string& claim) { return files.claimed_by({claim}).size(); };
  CHECK(count("path:/etc/greenwave") == 4);
  CHECK(count("path:/etc/greenwave/agent.yaml") == 1);
  CHECK(count("path:/etc/systemd/system/greenwaved.service.d/10-a.conf") == 1);
  CHECK(count("path:/etc/greenwaves") == 0);
  CHECK(count("path:/var/lib/greenwave/state.db") == 0);
  CHECK(count("unit:greenwaved.service") == 0);
}

TEST_CASE("own files: an image below another root has none") {
  auto config = device_config();
  config.root = "/srv/image";
  const OwnFiles files(config, "/usr/sbin/greenwaved");
  CHECK(files.claimed_by({"path:/etc"}).empty());
  CHECK(files.fingerprint().empty());
}

TEST_CASE("configuration to come: it is judged as at a start, with what comes along") {
  const auto config = device_config();
  const auto comes = [](const std::filesystem::path& path) { return path == "/etc/greenwave/new-token"; };
  const std::string good = "repository: {url: \"https://git.example/a.git\", credentials: {tokenFile: ";
  CHECK_FALSE(config::check_text(good + "/etc/greenwave/new-token}}\n", config, comes).has_errors());
  CHECK_FALSE(config::check_text(good + "\"credential:token\"}}\n", config, comes).has_errors());
  const auto missing = config::check_text(good + "/etc/greenwave/other}}\n", config, comes);
  REQUIRE(missing.has_errors());
  CHECK_THAT(to_string(missing.list().front()), Contains("/etc/greenwave/agent.yaml:1:"));
  CHECK(config::check_text("repositry: {}\n", config, comes).has_errors());
}
