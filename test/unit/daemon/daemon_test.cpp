#include "daemon/daemon.h"

#include <chrono>
#include <fstream>
#include <future>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "state/keys.h"
#include "support/change_database.h"
#include "support/objects.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;
using Catch::Contains;
using test::TemporaryDirectory;

namespace {

/// An agent below a directory of its own, whose repository is not there.
struct Cabinet {
  TemporaryDirectory directory;
  std::filesystem::path config =
      directory.write("agent.yaml", "device: sf-0042\nrepository: {url: file:///nowhere/city.git}\n");
  Log log{Level::error};
  SystemClock clock;

  std::filesystem::path database() const { return directory / "root/var/lib/greenwave/state.db"; }

  std::unique_ptr<daemon::Daemon> start() {
    return std::make_unique<daemon::Daemon>(config, directory / "root", log, clock, [] {});
  }
};

/// A call of diff() that has begun to wait for the agent.
std::future<nlohmann::json> waiting_diff(daemon::Daemon& agent) {
  std::promise<pid_t> thread;
  auto diff = std::async(std::launch::async, [&] {
    thread.set_value(::gettid());
    return agent.diff();
  });
  const auto status = "/proc/self/task/" + std::to_string(thread.get_future().get()) + "/stat";
  for (std::string text; text.find(") S ") == text.npos; std::getline(std::ifstream(status), text)) {
    std::this_thread::yield();
  }
  return diff;
}

/// No file of this process may grow while it lives.
class NoSpace {
 public:
  NoSpace() {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  NoSpace(const NoSpace&) = delete;
  NoSpace& operator=(const NoSpace&) = delete;
  ~NoSpace() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("agent: a caller that waits for a diff gets an error when the agent shuts down") {
  Cabinet cabinet;
  const auto agent = cabinet.start();
  auto waiting = waiting_diff(*agent);
  agent->stop();
  agent->run();
  REQUIRE(waiting.wait_for(10s) == std::future_status::ready);
  CHECK_THROWS_WITH(waiting.get(), Catch::Contains("the agent is shutting down"));
  CHECK_THROWS_WITH(agent->diff(), Catch::Contains("the agent is shutting down"));
}

TEST_CASE("agent: a caller that waits for a diff gets an error when the agent fails") {
  Cabinet cabinet;
  const auto agent = cabinet.start();
  struct Broken : daemon::OutcomeSink {
    void take(const daemon::Outcome&) override { throw Error(Fault::internal, "no report"); }
  } broken;
  agent->tell(broken);
  agent->pause(1h, "alice", "relamping");  // is reported before the diff is made
  auto waiting = waiting_diff(*agent);
  CHECK_THROWS_WITH(agent->run(), Contains("no report"));
  REQUIRE(waiting.wait_for(10s) == std::future_status::ready);
  CHECK_THROWS_WITH(waiting.get(), Contains("the agent is shutting down"));
}

TEST_CASE("agent: a state with a record that cannot be read does not keep it from starting") {
  Cabinet cabinet;
  cabinet.start()->pause(1h, "alice", "relamping");
  SECTION("a pause") {
    test::change_database(cabinet.database(), "UPDATE settings SET value = '{' WHERE key = 'pause'");
  }
  SECTION("a pause in the history") {
    test::change_database(cabinet.database(), "UPDATE history SET body = '{'");
  }
  CHECK_FALSE(cabinet.start()->status().pause);
  CHECK(std::filesystem::exists(cabinet.database().native() + ".damaged"));
}

TEST_CASE("agent: damage found by a sync is repaired with the configuration in use") {
  Cabinet cabinet;
  std::vector<Entry> entries;
  for (int i = 0; i < 5000; ++i) entries.push_back(test::applied(test::Make("File/f" + std::to_string(i))));
  std::filesystem::create_directories(cabinet.database().parent_path());
  { state::State(cabinet.database()).settle(entries, {}, {}); }
  const auto agent = cabinet.start();
  {
    std::fstream bytes(cabinet.database(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(20 * 4096);
    bytes << std::string(4096, 'x');
  }
  cabinet.directory.write("agent.yaml", "device: [\n");
  const auto result = agent->once({});
  CHECK_THAT(result.record.error, Contains("/nowhere"));
  CHECK(result.standing.objects == 0);
  CHECK(std::filesystem::exists(cabinet.database().native() + ".damaged"));
}

TEST_CASE(
    "agent: what the device has is shown before the first sync, and after one whose state cannot be "
    "written") {
  Cabinet cabinet;
  const CommitId commit(std::string(40, 'a'));
  std::filesystem::create_directories(cabinet.database().parent_path());
  {
    state::State state(cabinet.database());
    state.settle(std::vector{test::applied(test::Make("File/motd"))}, {}, {});
    state.set_value(state::keys::applied, commit.text());
  }
  const auto agent = cabinet.start();
  const auto is_shown = [&] {
    const auto status = agent->status();
    return status.commit && status.commit->id == commit && status.objects == 1 && status.in_sync == 1;
  };
  CHECK(is_shown());
  sync::Result result;
  {
    const NoSpace disk;
    result = agent->once({});
  }
  CHECK(result.exit_code == 2);
  CHECK(is_shown());
  CHECK(agent->status().last_error == result.record.error);
}

TEST_CASE("agent: when the recorded start of an outage cannot be read, the outage starts again") {
  Cabinet cabinet;
  cabinet.start()->once({});
  test::change_database(cabinet.database(),
                        "UPDATE settings SET value = 'x' WHERE key = 'value:unreachable since'");
  CHECK(cabinet.start()->once({}).standing.unreachable_since);
}

TEST_CASE("agent: after a restart a pause in the history is not taken for a failed sync") {
  Cabinet cabinet;
  cabinet.start()->pause(1h, "alice", "relamping");
  const auto status = cabinet.start()->status();
  CHECK(status.last_error.empty());
  REQUIRE(status.pause);
  CHECK(status.pause->reason == "relamping");
}

TEST_CASE("agent: every sink is told of a pause and of a sync, with the status as it is by then") {
  struct Sink : daemon::OutcomeSink {
    std::vector<std::pair<bool, bool>> told;  ///< of a sync; while paused
    void take(const daemon::Outcome& outcome) override {
      told.emplace_back(outcome.sync != nullptr, outcome.status.pause.has_value());
    }
  } metrics, hub;
  Cabinet cabinet;
  const auto agent = cabinet.start();
  agent->tell(metrics);
  agent->tell(hub);
  agent->pause(1h, "alice", "relamping");
  const auto run = agent->request_sync({.force = true});
  std::jthread runs([&agent] { agent->run(); });
  for (auto event = run->next(10s); event && event->kind != "done";) event = run->next(10s);
  agent->stop();
  runs.join();
  CHECK(metrics.told == std::vector{std::pair(false, true), std::pair(true, true)});
  CHECK(hub.told == metrics.told);
}

TEST_CASE("agent: one sync from a bundle may wait, and plain ones don't join it") {
  Cabinet cabinet;
  const auto agent = cabinet.start();
  sync::Request request;
  request.bundle = std::make_shared<git::BundleFile>();
  const auto carried = agent->request_sync(request);
  CHECK_THROWS_WITH(agent->request_sync(request), Catch::Contains("waits already"));
  const auto plain = agent->request_sync({});
  agent->request_sync({});
  std::jthread runs([&agent] { agent->run(); });
  const auto last_word = [](daemon::Run& run) {
    for (;;) {
      const auto event = run.next(10s);
      REQUIRE(event);
      if (event->kind == "done") return event->text;
    }
  };
  CHECK_THAT(last_word(*carried), !Catch::Contains("/nowhere"));
  CHECK_THAT(last_word(*plain), Catch::Contains("/nowhere"));
  agent->stop();
}
