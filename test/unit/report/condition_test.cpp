#include "report/condition.h"

#include <catch2/catch.hpp>

using namespace greenwave;
using Word = report::Condition;

namespace {

daemon::Status good() {
  daemon::Status status;
  status.phase = "idle";
  status.objects = status.in_sync = 2;
  status.commit = git::Commit{CommitId("3f786850e387550fdab836ed7e6dc881de23001b"), "", "", {}};
  status.last_result = state::SyncResult::in_sync;
  return status;
}

}  // namespace

TEST_CASE("condition: each word is read as what it was written for, and no other is read") {
  for (int i = 0; i <= static_cast<int>(Word::in_sync); ++i) {
    const auto condition = static_cast<Word>(i);
    CHECK(report::condition_from(to_string(condition)) == condition);
  }
  CHECK(report::condition_from("in sync") == std::nullopt);
  CHECK(report::condition_from("") == std::nullopt);
}

TEST_CASE("condition: the first of the list that holds") {
  auto status = good();
  CHECK(report::condition_of(status) == Word::in_sync);
  SECTION("a repository that cannot be reached changes nothing, nor does a state that was lost") {
    status.unreachable_since = from_iso("2026-11-24T06:00:00Z");
    status.stale = true;
    status.loss = sync::Loss{};
    CHECK(report::condition_of(status) == Word::in_sync);
  }
  SECTION("a fetch is not yet a change") {
    status.phase = "fetching";
    CHECK(report::condition_of(status) == Word::in_sync);
    status.phase = "rendering";
    CHECK(report::condition_of(status) == Word::applying);
  }
  SECTION("what is tried again is on its way") {
    status.failed = {{"File/a", "busy", Fault::transient}};
    CHECK(report::condition_of(status) == Word::applying);
    status.commit.reset();
    CHECK(report::condition_of(status) == Word::applying);
  }
  SECTION("each goes before those below it") {
    status.trial = sync::OnTrial{CommitId("3f786850e387550fdab836ed7e6dc881de23001b")};
    CHECK(report::condition_of(status) == Word::applying);
    status.waiting = {{"SystemdUnit/spat", "restart"}};
    CHECK(report::condition_of(status) == Word::waiting);
    status.followed.is_held = true;
    CHECK(report::condition_of(status) == Word::held);
    status.pause = state::Pause{};
    CHECK(report::condition_of(status) == Word::paused);
    status.failed = {{"File/a", "no"}};
    CHECK(report::condition_of(status) == Word::failed);
    status.rejected = sync::Rejected{};
    CHECK(report::condition_of(status) == Word::reverted);
  }
}

TEST_CASE("condition: failed is each situation whose health is failed, and no other") {
  auto status = good();
  SECTION("the last sync could not be done") {
    status.last_error = "no";
    status.last_result = state::SyncResult::error;
    CHECK(report::condition_of(status) == Word::failed);
    status.last_result = state::SyncResult::unlisted;
    CHECK(report::condition_of(status) == Word::failed);
  }
  SECTION("the repository is wrong") {
    status.errors = 1;
    CHECK(report::condition_of(status) == Word::failed);
  }
  SECTION("the commit is not healthy, and there is none to go back to") {
    status.trial = sync::OnTrial{.commit = {}, .unwell = "unit failed"};
    CHECK(report::condition_of(status) == Word::failed);
  }
}
