// The program itself, against an API of the test's own.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/version.h"
#include "state/state.h"
#include "unit/control/served.h"

using namespace greenwave;
using namespace greenwave::test;
using Catch::Contains;
using nlohmann::json;

namespace {

CommandResult run_program(std::vector<std::string> argv,
                          std::map<std::string, std::string> environment = {}) {
  Command command;
  command.argv = std::move(argv);
  command.environment = std::move(environment);
  command.timeout = std::chrono::seconds(20);
  return run(command);
}

struct Device : Served {
  Device() {
    agent.current.device = "sf-0042";
    agent.current.commit = git::Commit{CommitId("1a2b3c4d5e6f"), "Retime Fulton", "Alice", {}};
  }

  CommandResult greenwave(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), GREENWAVE_PROGRAM);
    arguments.insert(arguments.end(), {"--socket", socket(), "--config", "/nonexistent"});
    agent.meet();
    auto result = run_program(arguments, {{"SUDO_USER", "alice"}});
    agent.meet();
    return result;
  }
};

/// A device on which greenwaved ran once, and does not now.
struct Stopped {
  TemporaryDirectory directory;

  Stopped() {
    std::filesystem::create_directories(directory.path() / "root/var/lib/greenwave");
    replace_file(directory.path() / "agent.yaml",
                 "device: sf-0042\nrepository: {url: \"file:///srv/city.git\"}\n");
  }
  void remember() const {
    state::State state(directory.path() / "root/var/lib/greenwave/state.db");
    state::SyncRecord sync;
    sync.started = SystemClock().now();
    sync.result = state::SyncResult::in_sync;
    sync.commit = CommitId("1a2b3c4d5e6f");
    sync.subject = "Retime Fulton";
    state.record(sync, sync.started);
    Entry entry;
    entry.id = {std::string(own_api), "File", "", "motd"};
    entry.digest = sha256("motd");
    state.settle(std::vector<Entry>{entry}, {}, {});
  }
  CommandResult greenwave(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), GREENWAVE_PROGRAM);
    arguments.insert(arguments.end(),
                     {"--config", directory.path() / "agent.yaml", "--root", directory.path() / "root"});
    return run_program(arguments);
  }
};

}  // namespace

TEST_CASE("greenwave status: 0 in sync, 1 when something failed, as text or JSON") {
  Device device;
  const auto good = device.greenwave({"status"});
  CHECK(good.status == 0);
  CHECK_THAT(good.output,
             Contains("In sync.") && Contains("1a2b3c4d5e6f Retime Fulton") && !Contains("\x1b"));
  device.agent.current.failed = {{"File/motd", "no space"}};
  const auto bad = device.greenwave({"-o", "json", "status"});
  CHECK(bad.status == 1);
  CHECK(json::parse(bad.output)["failed"][0]["object"] == "File/motd");
  device.agent.current.failed.clear();
  device.agent.current.last_error = "git.example does not answer";
  CHECK(device.greenwave({"status"}).status == 1);
}

TEST_CASE("greenwave sync --wait: shows progress and ends as the sync does") {
  Device device;
  for (const int code : {0, 1, 2}) {
    device.agent.events = {{"phase", "polling", "", true, 0},
                           {"step", "update File/motd", "File/motd", true, 0},
                           {"done", "ended", "", code == 0, code}};
    const auto result = device.greenwave({"sync", "--wait"});
    CHECK(result.status == code);
    CHECK(result.output == "polling\n  ok     update File/motd\nended\n");
  }
  const auto lines = device.greenwave({"sync", "--wait", "--force", "-o", "json"});
  CHECK(json::parse(lines.output.substr(0, lines.output.find('\n')))["kind"] == "phase");
  CHECK(device.agent.requests.back().force);
  CHECK_FALSE(device.agent.requests.back().allow_empty);
  if (::geteuid() == 0) CHECK(device.agent.requests.back().who == "alice (sudo)");
}

TEST_CASE("greenwave sync: without --wait it is queued") {
  Device device;
  const auto result = device.greenwave({"sync", "--allow-empty"});
  CHECK(result.status == 0);
  CHECK_THAT(result.output, Contains("queued") && Contains("greenwave status"));
  REQUIRE(device.agent.requests.size() == 1);
  CHECK(device.agent.requests[0].allow_empty);
}

TEST_CASE("greenwave diff: 0 none, 1 some, 2 when it could not be worked out") {
  Device device;
  device.agent.on_diff = [] { return json{{"commit", "1a2b"}, {"changes", json::array()}}; };
  CHECK(device.greenwave({"diff"}).status == 0);
  device.agent.on_diff = [] {
    return json{{"commit", "1a2b"},
                {"changes", {{{"verb", "create"}, {"object", "File/x"}, {"diff", "+x\n"}}}}};
  };
  const auto some = device.greenwave({"diff"});
  CHECK(some.status == 1);
  CHECK_THAT(some.output, Contains("create File/x\n+x\n"));
  device.agent.on_diff = []() -> json {
    throw greenwave::Error(greenwave::Fault::transient, "no route", "check the modem");
  };
  const auto none = device.greenwave({"diff"});
  CHECK(none.status == 2);
  CHECK(none.output == "no route\n  check the modem\n");
  const auto as_json = device.greenwave({"diff", "-o", "json"});
  CHECK(as_json.status == 2);
  CHECK(json::parse(as_json.output) == json{{"error", "no route"}, {"remedy", "check the modem"}});
}

TEST_CASE("greenwave show: 0 when found, 1 with a suggestion when not") {
  Device device;
  device.agent.known = json::array({{{"object", "File/motd"}, {"state", "in sync"}}});
  CHECK_THAT(device.greenwave({"show"}).output, Contains("File/motd  in sync"));
  CHECK(device.greenwave({"show", "File/motd"}).status == 0);
  const auto missing = device.greenwave({"show", "File/mott"});
  CHECK(missing.status == 1);
  CHECK_THAT(missing.output, Contains("did you mean File/motd?"));
}

TEST_CASE("greenwave pause and resume: who and until when; nonsense is refused with 2") {
  Device device;
  const auto paused = device.greenwave({"pause", "--for", "2h", "--reason", "cabinet open"});
  CHECK(paused.status == 0);
  CHECK_THAT(paused.output, Contains("Paused until") && Contains("greenwave resume"));
  REQUIRE(device.agent.current.pause);
  CHECK(device.agent.current.pause->reason == "cabinet open");
  CHECK(device.greenwave({"resume"}).status == 0);
  CHECK_FALSE(device.agent.current.pause);
  const auto refused = device.greenwave({"pause", "--for", "soon", "--reason", "x"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.output, Contains("\"soon\" is not a duration"));
  CHECK(device.greenwave({"pause", "--for", "2h"}).status == 2);
}

TEST_CASE("greenwave version: of the command and of the daemon") {
  Device device;
  const auto result = device.greenwave({"version", "-o", "json"});
  CHECK(json::parse(result.output) == json{{"greenwave", program_version}, {"greenwaved", program_version}});
}

TEST_CASE("greenwave: every command's --help has examples and exit codes; wrong usage is 2") {
  for (const auto* command :
       {"status", "sync", "diff", "history", "show", "pause", "resume", "doctor", "version"}) {
    const auto result = run_program({GREENWAVE_PROGRAM, command, "--help"});
    CHECK(result.status == 0);
    CHECK_THAT(result.output, Contains("Exit codes: 0") && Contains("Examples:") && Contains("-o json"));
  }
  CHECK(run_program({GREENWAVE_PROGRAM}).status == 2);
  CHECK(run_program({GREENWAVE_PROGRAM, "frobnicate"}).status == 2);
  CHECK(run_program({GREENWAVE_PROGRAM, "status", "-o", "xml"}).status == 2);
}

TEST_CASE("greenwave: what is wrong with a command line is said by the option's or command's name") {
  const std::vector<std::string> sign = {"tip", "sign", "--name", "springfield", "/"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), sign.begin(), sign.end());
    return more;
  };
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"tip"}, "tip needs a command: sign\n"},
      {{"audit", "-n", "5"}, "unknown option -n\n  see greenwave audit --help\n"},
      {with({"--key", "a", "--key", "b"}), "--key is given more than once\n"},
      {with({"--key"}), "--key needs a value\n"},
      {with({"--key", ""}), "--key: the path is empty\n"},
      {{"promote", "--repo", "/", "--sign", ""}, "--sign: the path is empty\n"},
      {with({"--key", "/nonexistent"}), "--key: there is no file \"/nonexistent\"\n"},
      {with({"--key", "a", "--for", "1s"}), "--for 1s is not between 10m and 366d\n"},
      {{"audit", "--since", "1h", "--until", "2h"}, " is not before --until "},
      {{"explain", "agent.yml.trust"},
       "\"agent.yml.trust\" cannot be explained\n  did you mean agent.yaml?\n"},
      {{"explain", "Pood.spec"}, "did you mean Pod?\n"}};
  for (auto [arguments, message] : wrong) {
    arguments.insert(arguments.begin(), GREENWAVE_PROGRAM);
    const auto result = run_program(arguments);
    CHECK(result.status == 2);
    CHECK_THAT(result.output, Contains(message));
  }
}

TEST_CASE("greenwave: without the daemon every command says so, and 2") {
  const Stopped stopped;
  for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                  {"sync"},
                                                  {"sync", "--wait"},
                                                  {"diff"},
                                                  {"resume"},
                                                  {"pause", "--for", "2h", "--reason", "x"},
                                                  {"history"},
                                                  {"show"}}) {
    const auto result = stopped.greenwave(command);
    INFO(command[0]);
    CHECK(result.status == 2);
    const bool reads_state = command[0] == "history" || command[0] == "show";
    CHECK_THAT(result.output, Contains("systemctl start greenwaved"));
    if (!reads_state) CHECK_THAT(result.output, Contains("greenwaved is not running"));
  }
}

TEST_CASE("greenwave: without the daemon status, history and show read its last state") {
  const Stopped stopped;
  stopped.remember();
  const auto status = stopped.greenwave({"status"});
  CHECK(status.status == 2);
  CHECK_THAT(status.output, Contains("greenwaved is not running") && Contains("1a2b3c4d5e6f Retime Fulton") &&
                                Contains("Objects     1 of 1 in sync") && Contains("sf-0042"));
  CHECK(json::parse(stopped.greenwave({"status", "-o", "json"}).output)["running"] == false);
  const auto history = stopped.greenwave({"history"});
  CHECK(history.status == 0);
  CHECK_THAT(history.output, Contains("Retime Fulton") && Contains("greenwaved is not running"));
  const auto show = stopped.greenwave({"show", "motd"});
  CHECK(show.status == 0);
  CHECK_THAT(show.output, Contains("File/motd: in sync when the daemon last ran"));
  CHECK(stopped.greenwave({"show", "nothing"}).status == 1);
}

TEST_CASE("greenwave: history's length reaches the daemon") {
  Device device;
  for (int number = 5; number > 0; --number) {
    state::SyncRecord record;
    record.number = number;
    record.result = state::SyncResult::in_sync;
    device.agent.records.push_back(record);
  }
  CHECK(json::parse(device.greenwave({"history", "-n", "3", "-o", "json"}).output)["syncs"].size() == 3);
  CHECK(device.greenwave({"history", "-n", "0"}).status == 2);
}

TEST_CASE("completion: the names of the device's objects, from the daemon or what it saved") {
  Device device;
  device.agent.known = json::array({{{"object", "File/motd"}, {"state", "in sync"}},
                                    {{"object", "SystemdUnit/spat"}, {"state", "in sync"}}});
  device.agent.meet();
  const auto offered =
      run_program({GREENWAVE_PROGRAM, "__complete", "--socket", device.socket(), "show", "File/"});
  CHECK(offered.output == "none\nFile/motd\t\n");
  const Stopped stopped;
  stopped.remember();
  const auto saved =
      run_program({GREENWAVE_PROGRAM, "__complete", "--config", stopped.directory.path() / "agent.yaml",
                   "--root", stopped.directory.path() / "root", "show", ""});
  CHECK(saved.output == "none\nFile/motd\t\n");
}
