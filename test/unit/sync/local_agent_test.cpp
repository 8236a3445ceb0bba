#include "sync/local_agent.h"

#include <chrono>
#include <future>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;
using test::TemporaryDirectory;

namespace {

/// An agent below a directory of its own, whose repository is not there.
struct Cabinet {
  TemporaryDirectory directory;
  std::filesystem::path config =
      directory.write("agent.yaml", "device: sf-0042\nrepository: {url: file:///nowhere/city.git}\n");
  Log log{Level::error};
  SystemClock clock;

  std::unique_ptr<sync::LocalAgent> start() {
    return std::make_unique<sync::LocalAgent>(config, directory / "root", log, clock, [] {});
  }
};

}  // namespace

TEST_CASE("agent: who waits for a diff when the agent stops is told so") {
  Cabinet cabinet;
  const auto agent = cabinet.start();
  auto waiting = std::async(std::launch::async, [&agent] { return agent->diff(); });
  std::this_thread::sleep_for(50ms);
  agent->stop();
  agent->run();
  REQUIRE(waiting.wait_for(10s) == std::future_status::ready);
  CHECK_THROWS_WITH(waiting.get(), Catch::Contains("the agent stops"));
  CHECK_THROWS_WITH(agent->diff(), Catch::Contains("the agent stops"));
}

TEST_CASE("agent: after a restart a pause in the history is not taken for a failed sync") {
  Cabinet cabinet;
  cabinet.start()->pause(1h, "alice", "relamping");
  const auto status = cabinet.start()->status();
  CHECK(status.last_error.empty());
  REQUIRE(status.pause);
  CHECK(status.pause->reason == "relamping");
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
  const auto last_word = [](sync::Run& run) {
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
