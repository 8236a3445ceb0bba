#include "drivers/podman/start_course.h"

#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "drivers/podman/view.h"
#include "support/seeds.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using Catch::Matchers::Contains;

namespace {

using Role = Container::Role;
using What = StartCourse::Next::What;

Container container(const std::string& name, Role role, unsigned turn,
                    const std::string& restart = "Always") {
  Container made;
  made.id = name;
  made.pod = "web-1";
  made.name = "web-1-" + name;
  made.state = "created";
  made.role = role;
  made.turn = turn;
  made.restart = restart;
  return made;
}

void run(Container& one, std::int64_t now) {
  one.state = "running";
  one.started = now;
}

void end(Container& one, int code) {
  one.state = "exited";
  one.exit_code = code;
}

/// A pod as a podman would have it that does what it is asked, with a clock of its own.
struct World {
  std::vector<Container> pod;
  std::map<std::string, int> failures_left{};  ///< of an init container
  std::vector<std::string> starts{};
  std::int64_t now = 1000;

  Container& at(const std::string& id) { return *std::ranges::find(pod, id, &Container::id); }

  /// Goes on until the course says done or lost; init containers end a second after their start.
  What play(StartCourse& course) {
    for (int looks = 0; looks < 100'000; ++looks, ++now) {
      const auto next = course.next(pod, Instant(std::chrono::seconds(now)));
      if (next.what == What::done || next.what == What::lost) return next.what;
      for (auto& one : pod) {
        if (one.role == Role::init && one.is_running()) end(one, failures_left[one.id]-- > 0 ? 3 : 0);
      }
      for (const auto& id : next.ids) {
        starts.push_back(id);
        run(at(id), now);
      }
    }
    FAIL("it goes on for ever");
    return What::wait;
  }
};

}  // namespace

TEST_CASE("pods: init containers end one after the other before the rest starts, whatever fails how often") {
  const auto first = test::first_seed();
  for (auto seed = first; seed < first + test::seed_count(200); ++seed) {
    CAPTURE(seed);
    std::minstd_rand random(seed + 1);
    World world;
    std::vector<std::string> expected;
    const auto members = random() % 5;
    for (unsigned i = 0; i < members; ++i) {
      const bool stays = random() % 3 == 0;
      const auto name = fmt::format("{}{}", stays ? "sidecar" : "init", i);
      world.pod.push_back(container(name, stays ? Role::sidecar : Role::init, i));
      const int failures = stays ? 0 : static_cast<int>(random() % 4);
      world.failures_left[name] = failures;
      for (int k = 0; k <= failures; ++k) expected.push_back(name);
    }
    world.pod.push_back(container("main", Role::main, 0));
    expected.emplace_back("main");
    std::ranges::shuffle(world.pod, random);
    StartCourse course;
    CHECK(world.play(course) == What::done);
    CHECK(world.starts == expected);
    // Its next life: all of it again, in the same order.
    for (auto& one : world.pod) end(one, 0);
    world.starts.clear();
    world.now += 10;
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    StartCourse next;
    CHECK(world.play(next) == What::done);
    CHECK(world.starts == expected);
  }
}

TEST_CASE("pods: the next agent takes a start up where the last one left it") {
  World world{
      {container("one", Role::init, 0), container("two", Role::init, 1), container("main", Role::main, 0)}};
  run(world.at("one"), 1000);
  end(world.at("one"), 0);
  run(world.at("two"), 1001);
  StartCourse course;
  const auto next = course.next(world.pod, Instant(std::chrono::seconds(1002)));
  CHECK(next.what == What::wait);
  CHECK(next.why == "waiting for init container two");
  CHECK(world.play(course) == What::done);
  CHECK(world.starts == std::vector<std::string>{"main"});
}

TEST_CASE("pods: an init container that fails is started again after ten seconds, then after twice as long") {
  World world{{container("one", Role::init, 0), container("main", Role::main, 0)}};
  StartCourse course;
  std::vector<std::int64_t> tries;
  for (std::int64_t now = 0; now < 2000; ++now) {
    const auto next = course.next(world.pod, Instant(std::chrono::seconds(now)));
    if (next.what == What::start) {
      tries.push_back(now);
      run(world.at("one"), now);
      end(world.at("one"), 3);
    } else {
      CHECK(next.what == What::wait);
      CHECK_THAT(next.why, Contains("init container one ended with exit status 3; it is started again in"));
    }
  }
  std::vector<std::int64_t> pauses;
  for (std::size_t i = 1; i < tries.size(); ++i) pauses.push_back(tries[i] - tries[i - 1] - 1);
  CHECK(pauses == std::vector<std::int64_t>{10, 20, 40, 80, 160, 300, 300, 300, 300, 300});
}

TEST_CASE("pods: one that may not restart is lost with its init container, for the next agent too") {
  World world{{container("one", Role::init, 0, "Never"), container("main", Role::main, 0, "Never")}};
  world.failures_left["one"] = 1;
  StartCourse course;
  CHECK(world.play(course) == What::lost);
  StartCourse next;
  CHECK(next.next(world.pod, Instant(std::chrono::seconds(2000))).what == What::lost);
  CHECK(world.starts == std::vector<std::string>{"one"});
}

TEST_CASE("pods: where the rest runs, only what is down of it is started") {
  World world{{container("one", Role::init, 0), container("side", Role::sidecar, 1),
               container("main", Role::main, 0), container("other", Role::main, 0)}};
  run(world.at("main"), 5000);
  end(world.at("other"), 1);
  end(world.at("side"), 1);
  StartCourse course;
  CHECK(world.play(course) == What::done);
  CHECK(world.starts == std::vector<std::string>{"side", "other"});
}

TEST_CASE("pods: a sidecar is missed as long as the others run") {
  auto side = container("side", Role::sidecar, 0);
  auto main = container("main", Role::main, 0, "Never");
  run(main, 5);
  end(side, 0);
  CHECK(unfit({side, main}, "Never") == "web-1-side ended with exit status 0");
  end(main, 0);
  CHECK(unfit({side, main}, "Never").empty());
  CHECK(unfit({container("init", Role::init, 0), main}, "Never").empty());
}
