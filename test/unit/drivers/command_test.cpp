#include <chrono>

#include <catch2/catch.hpp>

#include "drivers/host/command_driver.h"
#include "support/problem_text.h"
#include "unit/drivers/temporary_root.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::host;

namespace {

Manifest command(const std::string& spec) {
  return test::manifest_of("Command", "tool", "spec:\n" + spec);
}

std::string problems_of(const std::string& spec) {
  Problems problems;
  command_footprint(Host{"/", {}}, command(spec), problems);
  return test::text_of(problems);
}

/// The live device, on which the test's commands touch nothing but a directory of its own.
struct Live {
  test::TemporaryRoot place;
  CommandDriver driver{Host{"/", {}}};
  test::Device device{driver};

  std::string path(const std::string& name) const { return (place / name).string(); }
};

}  // namespace

TEST_CASE("command: its footprint is its name, after files and units") {
  Problems problems;
  const auto footprint = command_footprint(Host{"/", {}}, command("  command: [/bin/true]\n"), problems);
  CHECK(problems.empty());
  CHECK(footprint.claims == std::vector<std::string>{"command:tool"});
  CHECK(footprint.rank == 40);
}

TEST_CASE("command: what cannot work is refused with its place and what to write") {
  CHECK_THAT(problems_of("  creates: /a\n"), Catch::Contains("command is missing"));
  CHECK_THAT(problems_of("  command: [rm -rf /tmp/x]\n"),
             Catch::Contains("test.yaml:5:12") && Catch::Contains("no shell takes it apart"));
  CHECK_THAT(problems_of("  command: [a]\n  creates: relative\n"), Catch::Contains("not absolute"));
  CHECK_THAT(problems_of("  command: [a]\n  creates: /a\n  unless: [b]\n"), Catch::Contains("both given"));
  CHECK_THAT(problems_of("  command: [a]\n  timeout: 0s\n"), Catch::Contains("timeout"));
  CHECK_THAT(problems_of("  command: [a]\n  environment: {\"a b\": c}\n"), Catch::Contains("environment"));
  CHECK_THAT(problems_of("  command: [a]\n  unles: [b]\n"), Catch::Contains("unless"));
}

TEST_CASE("command: with creates it runs while the path is missing") {
  Live live;
  const auto manifest =
      command("  command: [touch, " + live.path("made") + "]\n  creates: " + live.path("made") + "\n");
  const auto first = live.device.apply(manifest);
  REQUIRE(first);
  CHECK(first->outcome.error == "");
  CHECK(first->verb == plan::Verb::create);
  CHECK_THAT(first->difference.diff, Catch::StartsWith("run touch "));
  CHECK(live.place.has("made"));
  CHECK(live.device.entry(manifest.id).live);
  CHECK_FALSE(live.device.drift(manifest.id));
  CHECK_FALSE(live.device.apply(manifest));
  std::filesystem::remove(live.path("made"));
  CHECK(live.device.drift(manifest.id) == live.path("made") + " is missing");
  CHECK(live.device.apply(manifest)->verb == plan::Verb::repair);
  CHECK(live.place.has("made"));
}

TEST_CASE("command: with unless it runs while that fails") {
  Live live;
  const auto manifest = command("  command: [cp, /dev/null, " + live.path("made") +
                                "]\n  unless: [test, -e, " + live.path("made") + "]\n");
  CHECK(live.device.apply(manifest)->outcome.error == "");
  CHECK_FALSE(live.device.drift(manifest.id));
  std::filesystem::remove(live.path("made"));
  CHECK_THAT(*live.device.drift(manifest.id), Catch::Contains("exited with status 1"));
}

TEST_CASE("command: with neither it runs once for each state of its manifest") {
  Live live;
  const auto text = "  command: [sh, -c, 'echo ran >> " + live.path("runs") + "']\n";
  const auto manifest = command(text);
  CHECK(live.device.apply(manifest)->outcome.error == "");
  CHECK_FALSE(live.device.drift(manifest.id));
  CHECK_FALSE(live.device.apply(manifest));
  CHECK(live.place.read("runs") == "ran\n");
  CHECK(live.device.apply(command(text + "  timeout: 1m\n"))->verb == plan::Verb::update);
  CHECK(live.place.read("runs") == "ran\nran\n");
}

TEST_CASE("command: a run that a power cut ended is done again") {
  Live live;
  const auto manifest = command("  command: [sh, -c, 'echo ran >> " + live.path("runs") + "']\n");
  live.device.apply(manifest);
  live.device.entry(manifest.id).intended = true;
  REQUIRE(live.device.apply(manifest));
  CHECK(live.place.read("runs") == "ran\nran\n");
}

TEST_CASE("command: a failure reports the exit status and the last lines of output, and is tried again") {
  Live live;
  const auto manifest =
      command("  command: [sh, -c, 'seq 100; echo no answer from the controller >&2; exit 3']\n");
  const auto result = live.device.apply(manifest);
  CHECK_FALSE(result->outcome.ok);
  CHECK_THAT(result->outcome.error, Catch::Contains("exited with status 3:\n92\n") &&
                                        Catch::EndsWith("no answer from the controller"));
  CHECK_FALSE(live.device.apply(manifest)->outcome.ok);
}

TEST_CASE("command: one that takes too long is killed, and the watchdog is kept quiet meanwhile") {
  int kicks = 0;
  CommandDriver driver(Host{"/", {}}, [&] { ++kicks; });
  test::Device device(driver);
  const auto result = device.apply(command("  command: [sleep, '60']\n  timeout: 1200ms\n"));
  CHECK_THAT(result->outcome.error, Catch::Contains("sleep 60 did not end within 1s"));
  CHECK(kicks >= 1);
}

TEST_CASE("command: success that its own check does not see is an error, not a run at every pass") {
  Live live;
  const auto result =
      live.device.apply(command("  command: [/bin/true]\n  creates: " + live.path("never") + "\n"));
  CHECK_THAT(result->outcome.error,
             Catch::Contains("/bin/true succeeded, but") && Catch::Contains("is missing"));
}

TEST_CASE("command: a program that is not installed is one object's error") {
  Live live;
  CHECK_THAT(live.device.apply(command("  command: [/opt/absent]\n"))->outcome.error,
             Catch::Contains("cannot run /opt/absent") && Catch::Contains("installed"));
}

TEST_CASE("command: values of the environment reach the program and nothing else") {
  Live live;
  const auto manifest =
      command("  command: [sh, -c, 'test -n \"$TOKEN\"']\n  environment: {TOKEN: hunter2}\n");
  const auto result = live.device.apply(manifest);
  CHECK(result->outcome.error == "");
  for (const auto& text :
       {result->difference.diff, result->difference.record, result->outcome.entry.record}) {
    CHECK_THAT(text, !Catch::Contains("hunter2"));
  }
}

TEST_CASE("command: no shell splits an argument") {
  Live live;
  const auto made = live.path("a b;$(c)");
  const auto result = live.device.apply(command("  command: [touch, '" + made + "']\n"));
  CHECK(result->outcome.error == "");
  CHECK(live.place.has("a b;$(c)"));
  CHECK_THAT(result->difference.diff, Catch::Contains("touch '" + made + "'"));
}

TEST_CASE("command: below another root nothing runs, that is said, and the live device runs it later") {
  const test::TemporaryRoot root;
  CommandDriver driver(root.host());
  test::Device device(driver);
  const auto marker = (root / "marker").string();
  const auto manifest = command("  command: [touch, " + marker + "]\n");
  const auto result = device.apply(manifest);
  REQUIRE(result);
  CHECK(result->outcome.ok);
  CHECK_FALSE(root.has("marker"));
  REQUIRE(driver.notes().size() == 1);
  CHECK_FALSE(device.drift(manifest.id));

  CommandDriver live(Host{"/", {}});
  CHECK(test::drift_of(live, device.entry(manifest.id)).how == "not run yet");
}

TEST_CASE("command: removing it changes nothing on the device") {
  Live live;
  const auto manifest = command("  command: [touch, " + live.path("made") + "]\n");
  live.device.apply(manifest);
  CHECK(live.device.remove(manifest.id).outcome.ok);
  CHECK(live.place.has("made"));
}

TEST_CASE("command: a sensitive command's arguments and output are neither stored nor shown") {
  Live live;
  const auto manifest = command("  command: [sh, -c, \"echo hunter2; exit 3\"]\n  sensitive: true\n");
  const plan::Desired desired{manifest, {}};
  const auto difference = test::difference_of(live.driver, desired, nullptr, test::MemoryTree({}));
  CHECK_THAT(difference.diff, Catch::Contains("a command (sensitive)") && !Catch::Contains("hunter"));
  plan::Step step{.id = manifest.id, .desired = &desired, .difference = difference};
  const plan::Step* steps[] = {&step};
  test::apply_with(live.driver, steps, test::MemoryTree({}), [](const plan::Step&, auto result) {
    CHECK_FALSE(result.ok);
    CHECK_THAT(result.error, Catch::Contains("exited with status 3") && !Catch::Contains("hunter"));
    CHECK_THAT(result.entry.record, !Catch::Contains("hunter"));
  });
}

TEST_CASE("command: what is encrypted cannot be its check, which is kept") {
  auto manifest = command("  command: [a]\n  unless: [b, c]\n");
  auto* unless = manifest.document.find("spec")->find("unless")->sequence();
  unless->back().place.secret = true;
  Problems problems;
  command_footprint(Host{"/", {}}, manifest, problems);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(to_string(problems.list()[0]), Catch::Contains("unless is kept in the state file"));
}
