#include <catch2/catch.hpp>

#include "lint/checks.h"
#include "lint/unit_verifier.h"
#include "support/problem_text.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;

namespace {

std::string found_in(const Manifest& manifest) {
  Problems problems;
  cli::check_unit(manifest, problems);
  return test::text_of(problems);
}

std::string found_in_unit(const std::string& name, const std::string& content) {
  std::string indented;
  for (const auto c : content) indented += c == '\n' ? "\n    " : std::string(1, c);
  return found_in(test::unit_manifest("spec:\n  name: " + name + "\n  content: |\n    " + indented + "\n"));
}

std::string found_in_timer(const std::string& calendar) {
  return found_in_unit("a.timer", "[Timer]\nOnCalendar=" + calendar);
}

}  // namespace

TEST_CASE("lint of units: sections that a unit does not have, and lines in none, are errors") {
  CHECK(found_in_unit("a.service",
                      "[Unit]\nA=b\n# [Nothing]\n[Service]\nExecStart=/bin/x \\\n  [more]\n[X-Ours]\nA=1") ==
        "");
  CHECK_THAT(found_in_unit("a.service", "[Sevice]\nExecStart=/bin/x"),
             Catch::Contains("line 1 of a.service: a Service has no section [Sevice]"));
  CHECK_THAT(found_in_unit("a.timer", "[Service]\nA=b"), Catch::Contains("[Unit], [Timer] and [Install]"));
  CHECK_THAT(found_in_unit("a.service", "A=b\n[Service]"),
             Catch::Contains("line 1 of a.service is in no section"));
  CHECK_THAT(found_in_unit("a.service", "[Service]\nExecStart /bin/x"),
             Catch::Contains("line 2 of a.service is neither"));
}

TEST_CASE("lint of units: a time that systemd cannot know is an error, any that it knows is none") {
  for (const std::string good :
       {"daily", "Mon..Fri *-*-* 02:00:00", "*-*-* 4:00", "Mon,Tue *-*-01..04 12:00:00", "*:0/15",
        "weekly UTC", "Sat,Sun 08:05:40", "*-02~03", "*-*-* *:*:00/30", "@1395716396", "Mon",
        "*-*-1/2 00:00:00 Europe/Berlin", "00:00:00.5", "1-1", "2026-01-01 UTC", "8:05", "0..5:00",
        "Monday 3:00"}) {
    INFO(good);
    CHECK(found_in_timer(good) == "");
  }
  for (const std::string bad :
       {"every day", "25:00", "2026-13-01", "Foo 12:00", "12:61", "Mon Tue", "noon"}) {
    INFO(bad);
    CHECK_THAT(found_in_timer(bad), Catch::Contains("OnCalendar=" + bad + " is not a time"));
  }
}

TEST_CASE("lint of units: what changes the agent itself is a warning") {
  CHECK_THAT(found_in(test::unit_manifest("spec: {name: greenwaved.service, running: true}")),
             Catch::Contains("warning") && Catch::Contains("the agent's own unit"));
  const auto file = [](const std::string& path) {
    return found_in(test::manifest_of("File", "x", "spec: {path: " + path + ", content: x}"));
  };
  CHECK_THAT(file("/etc/greenwave/agent.yaml"), Catch::Contains("the agent's own configuration"));
  CHECK_THAT(file("/etc/systemd/system/greenwaved.service.d/a.conf"),
             Catch::Contains("the agent's own unit"));
  CHECK(file("/etc/greenwave-other").empty());
  CHECK(file("/etc/systemd/system/other.service.d/a.conf").empty());
}

TEST_CASE("lint of units: systemd itself reads a unit file where it is installed") {
  const auto found = [](const std::string& content) {
    Problems problems;
    cli::UnitVerifier verifier;
    const auto manifest = test::unit_manifest("spec: {name: a.service, content: \"" + content + "\"}");
    verifier.check(manifest, problems);
    return test::text_of(problems);
  };
  CHECK(found("[Service]\\nExecStart=/opt/not/here\\n") == "");
  const auto wrong = found("[Service]\\nExecStart=/bin/true\\nFoo=1\\n");
  if (wrong.empty()) {
    WARN("skipped: systemd-analyze is not installed");
    return;
  }
  CHECK_THAT(wrong, Catch::Contains("warning") && Catch::Contains("a.service:3: Unknown key"));
}
