#include "daemon/request_queue.h"

#include <future>
#include <random>

#include <catch2/catch.hpp>

#include "base/error.h"

using namespace greenwave;
using namespace std::chrono_literals;
using daemon::RequestQueue;

namespace {

const auto no_time = Instant{};  ///< for a look at what is there

Instant soon() {
  return std::chrono::steady_clock::now() + 10s;
}

sync::Request from_bundle() {
  sync::Request request;
  request.bundle = std::make_shared<git::BundleFile>();
  return request;
}

}  // namespace

TEST_CASE("requests: a sync that waits does what everyone asked for who joined it") {
  RequestQueue queue;
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    sync::Request all;
    const auto count = 1 + random() % 5;
    for (unsigned i = 0; i < count; ++i) {
      sync::Request one;
      one.force = random() % 4 == 0;
      one.allow_empty = random() % 4 == 0;
      one.now = random() % 4 == 0;
      one.who = "who" + std::to_string(i);
      queue.ask(one);
      all.force |= one.force;
      all.allow_empty |= one.allow_empty;
      all.now |= one.now;
      if (one.now || i == 0) all.who = one.who;
    }
    const auto work = queue.next(no_time);
    REQUIRE(work.sync);
    CHECK(work.sync->runs.size() == count);
    CHECK(work.sync->request.force == all.force);
    CHECK(work.sync->request.allow_empty == all.allow_empty);
    CHECK(work.sync->request.now == all.now);
    CHECK(work.sync->request.who == all.who);
    CHECK_FALSE(queue.next(no_time).sync);
  }
}

TEST_CASE("requests: one sync from a bundle may wait, and plain ones don't join it") {
  RequestQueue queue;
  queue.ask(from_bundle());
  CHECK_THROWS_WITH(queue.ask(from_bundle()), Catch::Contains("waits already"));
  queue.ask({});
  queue.ask({});
  CHECK(queue.next(no_time).sync->request.bundle);
  const auto plain = queue.next(no_time).sync;
  REQUIRE(plain);
  CHECK_FALSE(plain->request.bundle);
  CHECK(plain->runs.size() == 2);
  queue.ask(from_bundle());
}

TEST_CASE("requests: whoever asks wakes the thread that waits for work") {
  RequestQueue queue;
  auto work = std::async(std::launch::async, [&queue] { return queue.next(soon()); });
  SECTION("for a sync") {
    queue.ask({});
    CHECK(work.get().sync);
  }
  SECTION("for a job") {
    queue.post([] {});
    CHECK(work.get().job);
  }
  SECTION("for a look at the configuration, which is one however often it is asked for") {
    queue.reload();
    queue.reload();
    CHECK(work.get().reload);
    CHECK_FALSE(queue.next(no_time).sync);
  }
  SECTION("to end") {
    queue.stop();
    const auto nothing = work.get();
    CHECK_FALSE((nothing.reload || nothing.job || nothing.sync));
    CHECK(queue.stopped());
    queue.next(soon());  // and does not wait again
  }
}

namespace {

/// What a run was told so far: "KIND TEXT", in brackets what was of something else.
std::vector<std::string> told(daemon::Run& run) {
  std::vector<std::string> all;
  while (const auto event = run.next(0ms)) {
    const auto text = event->kind + " " + event->text;
    all.push_back(event->earlier ? "[" + text + "]" : text);
  }
  return all;
}

}  // namespace

TEST_CASE("requests: who waits is told of what is under way, from its present phase to its end") {
  using Texts = std::vector<std::string>;
  const std::string waits = "[waiting another sync is under way; this sync begins when it has ended]";
  RequestQueue queue;
  const auto before = queue.ask({});
  {
    const daemon::UnderWay under_way(queue, "another sync");
    queue.tell({.kind = "phase", .text = "polling"});
    CHECK(told(*before) == Texts{waits, "[phase polling]"});
    queue.tell({.kind = "phase", .text = "fetching"});
    const auto joined = queue.ask({});
    CHECK(told(*joined) == Texts{waits, "[phase fetching]"});
    queue.tell({.kind = "step", .text = "update File/motd"});
    queue.tell({.kind = "done", .text = "In sync", .exit_code = 0});
    const Texts rest{"[step update File/motd]", "[waiting it has ended: In sync]"};
    CHECK(told(*joined) == rest);
    CHECK(told(*before).size() == 1 + rest.size());
  }
  const auto after = queue.ask({});
  CHECK(told(*after).empty());
  const auto work = queue.next(no_time);
  REQUIRE(work.sync);
  CHECK(work.sync->runs == std::vector{before, work.sync->runs[1], after});
  const daemon::UnderWay own(queue, "another sync");
  queue.tell({.kind = "phase", .text = "polling"});
  CHECK(told(*before).empty());  // its own events come from the sync
}

TEST_CASE(
    "requests: while the server is being asked, a bundle and a job are given, and what needs the server "
    "waits") {
  RequestQueue queue;
  queue.ask({});
  queue.ask(from_bundle());
  queue.post([] {});
  const auto work = queue.next(no_time, daemon::Give::from_bundles);
  REQUIRE(work.sync);
  CHECK(work.sync->request.bundle);
  CHECK(work.job);
  CHECK_FALSE(queue.next(no_time, daemon::Give::from_bundles).sync);
  CHECK(queue.next(no_time).sync);
}

TEST_CASE("requests: a part of what is under way ends without an end of the whole") {
  RequestQueue queue;
  const daemon::UnderWay whole(queue, "another sync");
  { const daemon::UnderWay part(queue, "a diff"); }
  CHECK(told(*queue.ask({})).size() == 1);
}

TEST_CASE("requests: a stop reaches work that may be ended alone, begun before it or after") {
  RequestQueue queue;
  const auto before = std::make_shared<std::atomic<bool>>(false);
  queue.stops_too(before);
  CHECK_FALSE(*before);
  queue.stop();
  CHECK(*before);
  const auto after = std::make_shared<std::atomic<bool>>(false);
  queue.stops_too(after);
  CHECK(*after);
}

TEST_CASE("requests: when the queue closes, who waits for a job learns that it is dropped") {
  RequestQueue queue;
  const auto promise = [&queue] {
    auto task = std::make_shared<std::packaged_task<void()>>([] {});
    auto done = task->get_future();
    queue.post([task] { (*task)(); });
    return done;
  };
  auto before = promise();
  queue.close();
  auto after = promise();
  CHECK_THROWS_AS(before.get(), std::future_error);
  CHECK_THROWS_AS(after.get(), std::future_error);
}
