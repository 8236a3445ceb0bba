#include "drivers/podman/pulls.h"

#include <catch2/catch.hpp>

#include "support/faults.h"

using namespace greenwave;
using drivers::podman::Pulls;
using test::fault_of;

namespace {

/// A registry that answers when a test lets it.
struct Registry {
  Mutex mutex;
  Condition changed;
  bool open GUARDED_BY(mutex) = false;
  int asked GUARDED_BY(mutex) = 0;

  Pulls::PullOne puller() {
    return [this](const std::string& reference, const std::string& auth, const std::atomic<bool>& end) {
      const Lock lock(mutex);
      ++asked;
      changed.notify_all();
      while (!open && !end) changed.wait_until(mutex, Instant::clock::now() + std::chrono::milliseconds(5));
      if (end) throw Error(Fault::transient, "stopped");
      if (reference == "absent") throw Error(Fault::invalid, "manifest unknown");
      return "id of " + reference + auth;
    };
  }
  void answer() {
    const Lock lock(mutex);
    open = true;
    changed.notify_all();
  }
  int count() {
    const Lock lock(mutex);
    return asked;
  }
  void wait_for(int pulls) {
    const Lock lock(mutex);
    while (asked < pulls) changed.wait(mutex);
  }
};

const std::atomic<bool> running{false};
constexpr Duration none{0};

std::string taken(Pulls& pulls, const std::string& reference) {
  for (;;) {
    if (auto id = pulls.take(reference); !id.empty()) return id;
  }
}

}  // namespace

TEST_CASE("pulls: without a limit of patience a pull is waited for, and the watchdog hears of it") {
  Registry registry;
  int beats = 0;
  Pulls pulls(registry.puller(), {}, running, [&] {
    if (++beats == 2) registry.answer();
  });
  CHECK(pulls.pull("spat:1", "+auth") == "id of spat:1+auth");
  CHECK(beats >= 2);
  CHECK(pulls.take("spat:1").empty());
  CHECK_THROWS_WITH(pulls.pull("absent", ""), Catch::Contains("manifest unknown"));
}

TEST_CASE("pulls: what takes long goes on beside the passes, and a later one takes it") {
  Registry registry;
  Pulls pulls(registry.puller(), none, running, [] {});
  for (int pass = 0; pass < 3; ++pass) {
    pulls.begin_pass();
    CHECK(pulls.take("spat:1").empty());
    CHECK_THROWS_WITH(pulls.pull("spat:1", ""), Catch::Contains("spat:1 is being pulled, for ") &&
                                                    Catch::Contains("the old pod stays"));
    CHECK(fault_of([&] { pulls.pull("spat:1", ""); }) == Fault::transient);
  }
  registry.answer();
  CHECK(taken(pulls, "spat:1") == "id of spat:1");
  CHECK(registry.count() == 1);
}

TEST_CASE("pulls: the error of one that ended later is said once, and the next call tries again") {
  Registry registry;
  Pulls pulls(registry.puller(), none, running, [] {});
  CHECK_THROWS_WITH(pulls.pull("absent", ""), Catch::Contains("is being pulled"));
  registry.answer();
  CHECK_THROWS_WITH(taken(pulls, "absent"), Catch::Contains("manifest unknown"));
  CHECK_THROWS_AS(pulls.pull("absent", ""), Error);
  registry.wait_for(2);
}

TEST_CASE("pulls: three run at once, the others wait until one of them has ended") {
  Registry registry;
  Pulls pulls(registry.puller(), none, running, [] {});
  for (const std::string name : {"a", "b", "c"}) CHECK_THROWS_AS(pulls.pull(name, ""), Error);
  registry.wait_for(3);
  CHECK_THROWS_WITH(pulls.pull("d", ""), Catch::Contains("the image d waits until others are pulled"));
  registry.answer();
  CHECK(taken(pulls, "b") == "id of b");
  CHECK_THROWS_WITH(pulls.pull("d", ""), Catch::Contains("being pulled"));
  CHECK(taken(pulls, "d") == "id of d");
}

TEST_CASE("pulls: an agent that stops waits for none") {
  Registry registry;
  std::atomic<bool> stop{false};
  Pulls pulls(registry.puller(), {}, stop, [&] { stop = true; });
  CHECK(fault_of([&] { pulls.pull("spat:1", ""); }) == Fault::transient);
}
