#include "daemon/status_board.h"

#include <catch2/catch.hpp>

#include "support/set_clock.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;

TEST_CASE("status board: what an earlier run of the agent recorded is shown from the start") {
  const test::TemporaryDirectory directory;
  test::SetClock clock;
  state::State state(directory / "state.db");
  state::SyncRecord record;
  record.started = clock.now();
  record.result = state::SyncResult::error;
  record.error = "no route";
  state.record(record, clock.now());
  state.set_pause(state::pause_for(1h, "alice", "relamping", clock));
  config::Config config;
  config.device = "sf-0042";
  daemon::StatusBoard board(clock);
  sync::Standing standing;
  standing.objects = 3;
  standing.unreachable_since = clock.now() - 5min;
  board.opened(config, state, {"a note"}, standing);
  auto status = board.read();
  CHECK(status.device == "sf-0042");
  CHECK(status.phase == "idle");
  CHECK(status.last_sync == record.started);
  CHECK(status.last_error == "no route");
  CHECK(status.notes == std::vector<std::string>{"a note"});
  CHECK(status.objects == 3);
  CHECK(status.unreachable_since == clock.now() - 5min);
  REQUIRE(status.pause);
  clock.pass(1h);
  CHECK_FALSE(board.read().pause);
}

TEST_CASE("status board: a remark is a note until the next one, whatever the syncs note") {
  test::SetClock clock;
  daemon::StatusBoard board(clock);
  board.remark("the hub could not be reached");
  board.ended({}, {"a note"}, 0);
  CHECK(board.read().notes == std::vector<std::string>{"a note", "the hub could not be reached"});
  board.remark("");
  CHECK(board.read().notes == std::vector<std::string>{"a note"});
}

TEST_CASE("status board: a sync's phase is shown while it runs, and its result afterwards") {
  test::SetClock clock;
  daemon::StatusBoard board(clock);
  board.entered("polling https://git.example/city.git");
  CHECK(board.read().phase == "polling");
  sync::Result result;
  result.record.started = clock.now();
  result.record.result = state::SyncResult::in_sync;
  result.standing.cluster = "san-francisco";
  result.standing.objects = 3;
  board.ended(result, {}, 600);
  board.ended(result, {}, 50);
  const auto status = board.read();
  CHECK(status.phase == "idle");
  CHECK(status.cluster == "san-francisco");
  CHECK(status.objects == 3);
  CHECK(status.last_result == state::SyncResult::in_sync);
  CHECK(status.bytes_last_sync == 50);
  CHECK(status.bytes_received == 650);
}
