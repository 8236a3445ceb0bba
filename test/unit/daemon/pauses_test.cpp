#include "daemon/pauses.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "support/set_clock.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

struct Paused {
  test::TemporaryDirectory directory;
  test::SetClock clock;
  Log log{Level::error};
  daemon::OpenState state;
  std::vector<std::optional<state::Pause>> told;
  daemon::Pauses pauses{state, clock, log,
                        [this](const std::optional<state::Pause>& pause) { told.push_back(pause); }};

  Paused() { state.replace(std::make_shared<state::State>(directory / "state.db"), {}); }

  std::vector<state::SyncResult> history() const {
    std::vector<state::SyncResult> results;
    for (const auto& record : state.get()->history(10)) results.push_back(record.result);
    return results;
  }
};

}  // namespace

TEST_CASE("pauses: a pause stands until somebody ends it, and the history says who") {
  Paused device;
  device.pauses.begin(2h, "alice", "relamping");
  REQUIRE(device.pauses.standing());
  CHECK(device.pauses.standing()->who == "alice");
  device.pauses.end("bob");
  CHECK_FALSE(device.pauses.standing());
  CHECK(device.history() == std::vector{state::SyncResult::resumed, state::SyncResult::paused});
  CHECK(device.state.get()->history(1).front().who == "bob");
  REQUIRE(device.told.size() == 2);
  CHECK(device.told[0]);
  CHECK_FALSE(device.told[1]);
}

TEST_CASE("pauses: a pause ends by itself, once") {
  Paused device;
  device.pauses.begin(2h, "alice", "relamping");
  device.clock.pass(2h);
  CHECK_FALSE(device.pauses.standing());
  CHECK_FALSE(device.pauses.standing());
  CHECK(device.history() == std::vector{state::SyncResult::resumed, state::SyncResult::paused});
  CHECK_THROWS_WITH(device.pauses.end("bob"), Contains("is not paused"));
}

TEST_CASE("pauses: a later pause replaces an earlier one") {
  Paused device;
  device.pauses.begin(1h, "alice", "relamping");
  device.pauses.begin(3h, "bob", "painting");
  device.clock.pass(2h);
  REQUIRE(device.pauses.standing());
  CHECK(device.pauses.standing()->who == "bob");
}

TEST_CASE("pauses: a pause of no time or of more than a week is refused") {
  Paused device;
  for (const auto duration : std::initializer_list<Duration>{0s, -1s, 24h * 7 + 1s}) {
    CHECK_THROWS_WITH(device.pauses.begin(duration, "alice", "relamping"), Contains("from 1s to 7d"));
  }
  CHECK(device.history().empty());
  CHECK(device.told.empty());
}
