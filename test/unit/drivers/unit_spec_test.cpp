#include "drivers/host/unit_spec.h"

#include <catch2/catch.hpp>

#include "drivers/host/unit_record.h"
#include "drivers/host/unit_state.h"
#include "support/problem_text.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::host;

namespace {

std::string problems_of(const std::string& spec, const std::vector<std::string>& allowed = {"/etc"}) {
  const Host host{"/nowhere", allowed};
  Problems problems;
  unit_footprint(host, test::unit_manifest(spec), problems);
  return test::text_of(problems);
}

}  // namespace

TEST_CASE("unit spec: everything that a manifest can say is read") {
  Problems problems;
  const auto unit = read_unit_spec(test::unit_manifest(R"(spec:
  name: spat.service
  content: |
    [Service]
    ExecStart=/opt/spat
    [Install]
    WantedBy=multi-user.target
  dropIns:
    - {name: 10-limits.conf, content: "[Service]\nMemoryMax=64M"}
  enabled: true
  running: true
  restartOn: [File/spat-config]
  reloadOn: [Directory/maps]
)"),
                                   problems);
  CHECK(problems.empty());
  CHECK(unit.name == "spat.service");
  REQUIRE(unit.files.size() == 2);
  CHECK(unit.defines_unit());
  CHECK(unit.files[0].path == "/etc/systemd/system/spat.service");
  CHECK(unit.files[1].path == "/etc/systemd/system/spat.service.d/10-limits.conf");
  CHECK(unit.files[1].content == "[Service]\nMemoryMax=64M\n");
  CHECK(unit.enabled == true);
  CHECK(unit.running == true);
  CHECK(to_string(unit.restart_on.at(0)) == "File/spat-config");
  CHECK(to_string(unit.reload_on.at(0)) == "Directory/maps");
}

TEST_CASE("unit spec: a footprint claims the unit and each of its files, after their directories") {
  const Host host{"/", {"/etc"}};
  Problems problems;
  const auto footprint = unit_footprint(host, test::unit_manifest(R"(spec:
  name: a.service
  content: "[Service]\n"
  dropIns: [{name: b.conf, content: "[Unit]\n"}]
)"),
                                        problems);
  CHECK(footprint.claims == std::vector<std::string>{"unit:a.service", "path:/etc/systemd/system/a.service",
                                                     "path:/etc/systemd/system/a.service.d/b.conf"});
  CHECK(footprint.after == std::vector<std::string>{"path:/etc/systemd", "path:/etc/systemd/system",
                                                    "path:/etc/systemd/system/a.service.d"});
  CHECK(footprint.rank == 30);
}

TEST_CASE("unit spec: a name that is no unit's is refused with what to write") {
  CHECK_THAT(problems_of("spec: {name: chrony, running: true}"),
             Catch::Contains("test.yaml:4:14: error: chrony does not end like a unit") &&
                 Catch::Contains("chrony.service"));
  CHECK_THAT(problems_of("spec: {name: ../evil.service, running: true}"), Catch::Contains("characters"));
  CHECK_THAT(problems_of("spec: {name: .service, running: true}"),
             Catch::Contains("nothing before its type"));
  CHECK_THAT(problems_of("spec: {name: " + std::string(300, 'a') + ".service, running: true}"),
             Catch::Contains("at most 255"));
  CHECK_THAT(problems_of("spec: {name: a.scope, running: true}"), Catch::Contains("does not end like"));
}

TEST_CASE("unit spec: what would not work on the device is refused before it gets there") {
  CHECK_THAT(problems_of("spec: {name: a.service}"), Catch::Contains("says nothing about the unit"));
  CHECK_THAT(problems_of("spec: {name: a.service, content: ''}"), Catch::Contains("the content is empty"));
  CHECK_THAT(problems_of("spec: {name: a@.service, running: true}"), Catch::Contains("is a template"));
  CHECK_THAT(problems_of("spec: {name: a@b.service, content: '[Service]'}"),
             Catch::Contains("a@b.service is an instance, which has its template's content") &&
                 Catch::Contains("write it into an object of its own for a@.service") &&
                 Catch::Contains("dropIns"));
  CHECK(problems_of("spec: {name: a@b.service, dropIns: [{name: b.conf, content: '[Service]'}]}").empty());
  CHECK_THAT(problems_of("spec: {name: a.service, dropIns: [{name: limits, content: '[Unit]'}]}"),
             Catch::Contains("write limits.conf"));
  CHECK_THAT(problems_of("spec: {name: a.service, dropIns: [{name: ../x.conf, content: '[Unit]'}]}"),
             Catch::Contains("is not a name for a drop-in"));
  CHECK_THAT(problems_of("spec: {name: a.service, running: true, restartOn: [config]}"),
             Catch::Contains("test.yaml:4"));
  CHECK_THAT(problems_of("spec: {name: a.service, runing: true}"), Catch::Contains("running"));
}

TEST_CASE("unit spec: the agent does not stop or disable itself") {
  CHECK_THAT(problems_of("spec: {name: greenwaved.service, running: false}"),
             Catch::Contains("does not stop itself"));
  CHECK_THAT(problems_of("spec: {name: greenwaved.service, enabled: false}"),
             Catch::Contains("does not disable itself"));
}

TEST_CASE("unit spec: unit files need /etc/systemd/system in the allowed paths, enabling does not") {
  CHECK_THAT(problems_of("spec: {name: a.service, content: '[Service]'}", {"/srv"}),
             Catch::Contains("test.yaml:4") && Catch::Contains("allowedPaths"));
  CHECK(problems_of("spec: {name: a.service, enabled: true}", {"/srv"}).empty());
}

TEST_CASE("unit record: reads back as it was written") {
  UnitRecord record;
  record.unit = "a.service";
  record.files = {"/etc/systemd/system/a.service"};
  record.links = {"/etc/systemd/system/multi-user.target.wants/a.service"};
  record.enabled = true;
  record.running = false;
  record.before = {"disabled", "active"};
  record.done_in = "boot";
  const auto again = unit_record_from(to_json(record));
  CHECK(to_json(again) == to_json(record));
  CHECK(again.before->active == "active");
  CHECK_THROWS_AS(unit_record_from("{\"unit\":1}"), Error);
}

TEST_CASE("unit state: a service between two crashes does not count as running") {
  const systemd::UnitState crashing{"loaded", "activating", "auto-restart", "enabled", ""};
  CHECK(running_difference(crashing, true, false) == "not running: activating (auto-restart)");
  CHECK(running_difference({"loaded", "activating", "start", "", ""}, true, false).empty());
  CHECK(running_difference({"loaded", "failed", "failed", "", ""}, false, false).empty());
  CHECK(running_difference({"loaded", "inactive", "dead", "", ""}, true, true).empty());
}

TEST_CASE("unit state: enabled for this boot only is not enabled, and static is not disabled by us") {
  CHECK(enabled_difference({"loaded", "active", "running", "enabled-runtime", ""}, true, true) ==
        "not enabled: enabled-runtime");
  CHECK(enabled_difference({"loaded", "active", "running", "static", ""}, false, true).empty());
  CHECK(enabled_difference({"loaded", "active", "running", "enabled", ""}, false, true) == "enabled");
}

TEST_CASE("unit spec: a unit's files are no place for what was encrypted") {
  auto manifest =
      test::unit_manifest("spec: {name: a.service, content: \"[Service]\\nEnvironment=KEY=x\\n\"}");
  manifest.sensitive = true;
  Problems problems;
  read_unit_spec(manifest, problems);
  REQUIRE(problems.size() == 1);
  CHECK(to_string(problems.list()[0]).find("EnvironmentFile=") != std::string::npos);
}
