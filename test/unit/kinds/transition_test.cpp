// What a manifest that takes over from another one does to a device, without a device. That a device does
// just that is tested by test/integration/impact_test.py.

#include <catch2/catch.hpp>

#include "kinds/table.h"
#include "support/memory_tree.h"
#include "yaml/load.h"

using namespace greenwave;
using drivers::Declared;
using drivers::Transition;
using plan::Disruption;
using Kind = plan::Difference::Kind;

namespace {

const test::MemoryTree files({{"one", "text\n"},
                              {"same", "text\n"},
                              {"x/1", "one\n"},
                              {"x/in/2", "two\n"},
                              {"y/1", "one\n"},
                              {"y/in/2", "other\n"},
                              {"y/3", "three\n"},
                              {"z/1", "one\n"}});

Manifest manifest(const std::string& kind, const std::string& spec) {
  Problems problems;
  auto document = yaml::load(
      "{apiVersion: greenwave.dev/v1, kind: " + kind + ", metadata: {name: it}, spec: " + spec + "}",
      "it.yaml", problems);
  REQUIRE(document);
  Manifest made{.id = {std::string(own_api), kind, "", "it"},
                .document = std::move(*document),
                .source = {},
                .digest = {}};
  const auto* source = made.spec().find("source");
  if (source != nullptr) {
    const auto item = files.find(*source->string());
    REQUIRE(item);
    made.source = Source{*source->string(), item->oid, item->type == SourceTree::Type::directory};
  }
  return made;
}

Transition between(const std::string& kind, const std::string& was, const std::string& is) {
  const auto before = manifest(kind, was);
  const auto after = manifest(kind, is);
  const Declared last{before, files};
  return kinds::transition(&last, {after, files});
}

Transition first(const std::string& kind, const std::string& spec) {
  const auto made = manifest(kind, spec);
  return kinds::transition(nullptr, {made, files});
}

const std::string service = R"(name: a.service, content: "[Service]\nExecStart=/bin/a\n")";

}  // namespace

TEST_CASE("transition: a file whose bytes and attributes stay changes nothing, wherever they come from") {
  CHECK(between("File", R"({path: /etc/a, content: "text\n"})", "{path: /etc/a, source: one}").kind ==
        Kind::none);
  CHECK(between("File", "{path: /etc/a, source: one}", "{path: /etc/a, source: same}").kind == Kind::none);
  CHECK(between("File", "{path: /etc/a, source: one}", "{path: /etc/a, source: one, mode: '0644'}").kind ==
        Kind::none);
}

TEST_CASE("transition: a file is written for other bytes, another mode, another place") {
  for (const auto* next : {"{path: /etc/a, content: other}", "{path: /etc/a, source: one, mode: '0600'}",
                           "{path: /etc/b, source: one}", "{path: /etc/a, source: one, owner: ntp}"}) {
    const auto found = between("File", "{path: /etc/a, source: one}", next);
    CAPTURE(next);
    CHECK(found.kind == Kind::change);
    CHECK(found.files == 1);
  }
}

TEST_CASE("transition: a directory writes what its source has anew, and changes when something goes") {
  const auto moved = between("Directory", "{path: /etc/d, source: x}", "{path: /etc/d, source: y}");
  CHECK(moved.kind == Kind::change);
  CHECK(moved.files == 2);
  const auto less = between("Directory", "{path: /etc/d, source: x}", "{path: /etc/d, source: z}");
  CHECK(less.kind == Kind::change);
  CHECK(less.files == 0);
  CHECK(between("Directory", "{path: /etc/d, source: x}", "{path: /etc/d, source: x, purge: true}").kind ==
        Kind::none);
  CHECK(first("Directory", "{path: /etc/d, source: y}").files == 3);
}

TEST_CASE("transition: a running unit restarts when a drop-in comes, changes or goes") {
  const std::string up = service + ", running: true";
  const std::string nice = up + R"(, dropIns: [{name: 1.conf, content: "[Service]\nNice=1\n"}])";
  const std::string nicer = up + R"(, dropIns: [{name: 1.conf, content: "[Service]\nNice=2\n"}])";
  for (const auto& [was, is] : {std::pair(up, nice), {nice, nicer}, {nice, up}}) {
    CHECK(between("SystemdUnit", "{" + was + "}", "{" + is + "}").disruption == Disruption::restart);
  }
  CHECK(between("SystemdUnit", "{" + nice + "}", "{" + nicer + "}").files == 1);
}

TEST_CASE("transition: a unit that is to run no more is stopped, one that is to run is not restarted") {
  const auto up = "{" + service + ", running: true}";
  const auto down = "{" + service + ", running: false}";
  CHECK(between("SystemdUnit", up, down).disruption == Disruption::whole);
  const auto started = between("SystemdUnit", down, up);
  CHECK(started.kind == Kind::change);
  CHECK(started.disruption == Disruption::none);
  CHECK(started.is_down);
  CHECK(between("SystemdUnit", up, "{" + service + ", running: true, enabled: true}").disruption ==
        Disruption::none);
}

TEST_CASE("transition: a unit that is enabled or disabled as it runs gets or loses its aliases") {
  const std::string install = R"(name: a-b.service, content: "[Install]\nAlias=nick.service\n", )";
  const auto names = [&](const std::string& was, const std::string& is) {
    return between("SystemdUnit", "{" + install + was + "}", "{" + install + is + "}").names;
  };
  const std::vector<std::string> nick{"nick.service"};
  CHECK(names("running: true", "running: true, enabled: true") == nick);
  CHECK(names("running: true, enabled: true", "running: true, enabled: false") == nick);
  CHECK(names("running: true, enabled: true", "running: true, enabled: true").empty());
  CHECK(names("running: true, enabled: true", "running: false, enabled: false").empty());
}

TEST_CASE("transition: a command with a check that it has passed does not run again") {
  const auto flash = "{command: [/bin/flash, '1'], creates: /etc/flashed}";
  CHECK(between("Command", flash, "{command: [/bin/flash, '2'], creates: /etc/flashed}").kind == Kind::none);
  const auto again = between("Command", "{command: [/bin/flash, '1']}", "{command: [/bin/flash, '2']}");
  CHECK(again.kind == Kind::change);
  CHECK(again.disruption == Disruption::whole);
  CHECK(between("Command", flash, "{command: [/bin/flash, '2'], creates: /etc/other, disruptive: false}")
            .disruption == Disruption::none);
}
