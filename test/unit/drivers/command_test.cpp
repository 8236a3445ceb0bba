#include <chrono>

#include <catch2/catch.hpp>

#include "drivers/host/command_driver.h"
#include "drivers/host/programs.h"
#include "support/problem_text.h"
#include "unit/drivers/temporary_root.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::host;

namespace {

Manifest command(const std::string& spec) {
  return test::manifest_of("Command", "tool", "spec:\n" + spec);
}

std::string problems_of(const std::string& spec, const Host& host = {"/", {}}) {
  Problems problems;
  command_footprint(host, command(spec), problems);
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

TEST_CASE("command: as whom and where it runs is bounded by the device") {
  const Host anybody{"/", {"/srv"}};
  Host some{"/", {"/srv"}};
  some.program_users = {"traffic"};
  CHECK(problems_of("  command: [a]\n  user: olga\n", anybody).empty());
  CHECK(problems_of("  command: [a]\n  user: traffic\n", some).empty());
  CHECK_THAT(problems_of("  command: [a]\n", some), Catch::Contains("as root, only as traffic"));
  CHECK_THAT(problems_of("  command: [a]\n  user: \"0\"\n", some), Catch::Contains("as 0, only as traffic"));
  CHECK_THAT(problems_of("  command: [a]\n  user: -x\n", anybody), Catch::Contains("is not a user's name"));
  some.program_users->clear();
  CHECK_THAT(problems_of("  command: [a]\n", some), Catch::Contains("runs no programs of manifests"));
  for (const auto* good : {"/srv", "/srv/a/b"}) {
    CHECK(problems_of(std::string("  command: [a]\n  workingDirectory: ") + good + "\n", anybody).empty());
  }
  for (const auto* bad : {"/", "/root", "/srv/../root", "srv", "/srv/"}) {
    CHECK_THAT(problems_of(std::string("  command: [a]\n  workingDirectory: ") + bad + "\n", anybody),
               Catch::Contains("working directory"));
  }
}

TEST_CASE("command: it runs as its user, with its home, in its directory") {
  if (!test::is_root()) return;
  test::TemporaryRoot place;
  std::filesystem::permissions(place.path(), std::filesystem::perms(0755));
  std::filesystem::create_directory(place / "work");
  std::filesystem::permissions(place / "work", std::filesystem::perms(0777));
  CommandDriver driver{Host{"/", {place.path().native()}}};
  test::Device device{driver};
  REQUIRE(device.apply(
      command("  command: [sh, -c, 'id -un > said; id -Gn >> said; pwd >> said; echo $USER >> said']\n"
              "  user: nobody\n  workingDirectory: " +
              (place / "work").native() + "\n")));
  CHECK(place.read("work/said") == "nobody\nnogroup\n" + (place / "work").native() + "\nnobody\n");
  const auto unknown = device.apply(command("  command: [/bin/true, again]\n  user: no-such-user\n"));
  REQUIRE(unknown);
  CHECK_THAT(unknown->outcome.error, Catch::Contains("there is no user no-such-user"));
}

TEST_CASE("command: a directory that leads out of what is allowed is not worked in") {
  test::TemporaryRoot place;
  std::filesystem::create_directory_symlink("/etc", place / "out");
  CommandDriver driver{Host{"/", {place.path().native()}}};
  test::Device device{driver};
  const auto result =
      device.apply(command("  command: [/bin/true]\n  workingDirectory: " + (place / "out").native() + "\n"));
  REQUIRE(result);
  CHECK_THAT(result->outcome.error, Catch::Contains("leads out of"));
}

TEST_CASE("command: a secret script shows nowhere among the words of a running program") {
  test::TemporaryRoot place;
  CommandDriver driver{Host{"/", {}}};
  test::Device device{driver};
  const auto said = (place / "said").native();
  REQUIRE(device.apply(command("  command: [sh, -euc, 'tr \"\\0\" \" \" < /proc/$$/cmdline > " + said +
                               "; echo \"$0 $1 $2\" >> " + said + "; env >> " + said +
                               "', name, top-secret, b c]\n" + "  sensitive: true\n")));
  const auto text = place.read("said");
  const auto words = text.substr(0, text.find("name top-secret b c\n"));
  CHECK_THAT(text, Catch::Contains("name top-secret b c\n"));
  CHECK_THAT(words, !Catch::Contains("top-secret") && !Catch::Contains("cmdline"));
  const auto environment = text.substr(words.size());
  CHECK_THAT(environment, !Catch::Contains("GREENWAVE_SCRIPT") && !Catch::Contains("GREENWAVE_WORD"));
}

TEST_CASE("command: which word of a shell is its script") {
  using Words = std::vector<std::string>;
  CHECK(script_in(Words{"sh", "-c", "x"}) == 2);
  CHECK(script_in(Words{"/bin/bash", "-eu", "-o", "pipefail", "-c", "x", "y"}) == 5);
  CHECK(script_in(Words{"bash", "-euxc", "x"}) == 2);
  CHECK(script_in(Words{"sh", "file", "-c", "x"}) == 0);
  CHECK(script_in(Words{"sh", "-c"}) == 0);
  CHECK(script_in(Words{"/usr/bin/tool", "-c", "x"}) == 0);
  CHECK(script_in(Words{}) == 0);
}
