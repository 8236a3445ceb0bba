#include "drivers/podman/job_course.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "drivers/podman/play_kube.h"
#include "support/seeds.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using Catch::Matchers::Contains;

namespace {

using drivers::workload::JobPlan;
using Role = Container::Role;

Container container(const std::string& pod, const std::string& name, Role role = Role::main) {
  Container made;
  made.id = made.name = pod + "-" + name;
  made.pod = pod;
  made.state = "created";
  made.role = role;
  made.restart = "Never";
  return made;
}

/// A Job under a podman that does what it is asked, with a clock of its own.
struct JobWorld {
  JobPlan plan;
  std::map<std::string, unsigned> failures;  ///< of each pod, before it succeeds
  unsigned mains = 1;
  bool has_sidecar = false;
  std::minstd_rand& random;

  Pods pods{};
  std::vector<std::string> has_run{};
  std::map<std::string, unsigned> tries{};
  std::map<std::string, std::int64_t> failed_at{};
  std::set<std::string> succeeded{};
  std::int64_t now = 1000;

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, count] : failures) all.push_back(name);
    return all;
  }

  JobCourse course() const { return {plan, names()}; }

  JobCourse::Next look(JobCourse& course) const {
    return course.next(pods, has_run, now, Instant(std::chrono::seconds(now)));
  }

  void make(const JobCourse& course, const std::string& pod) {
    CHECK_FALSE(succeeded.contains(pod));
    if (failed_at.contains(pod)) CHECK(now - failed_at[pod] >= 10);
    const auto labels = course.labels(pod, pods, now);
    auto& containers = pods[pod];
    containers.clear();
    for (unsigned i = 0; i < mains; ++i) containers.push_back(container(pod, fmt::format("main{}", i)));
    if (has_sidecar) containers.push_back(container(pod, "side", Role::sidecar));
    for (auto& one : containers) {
      one.tries = static_cast<unsigned>(std::stoul(labels.at(std::string(labels::tries))));
      one.begun = std::stoll(labels.at(std::string(labels::begun)));
    }
    CHECK(containers.front().tries == tries[pod]);
  }

  void start(const std::string& pod) {
    for (auto& one : pods.at(pod)) one.state = "running";
  }

  std::size_t active() const {
    return static_cast<std::size_t>(std::ranges::count_if(pods, [](const auto& pod) {
      return std::ranges::any_of(pod.second, [](const Container& one) {
        return one.role == Role::main && (one.is_running() || one.state == "created");
      });
    }));
  }

  /// Some of what runs ends, as was decided for this try.
  void pass_time() {
    now += 1 + random() % 4;
    for (auto& [name, containers] : pods) {
      for (auto& one : containers) {
        if (one.role != Role::main || !one.is_running() || random() % 3 == 0) continue;
        one.state = "exited";
        one.ended = now;
        one.exit_code = tries[name] < failures[name] ? 3 : 0;
      }
      const auto has_ended = [](const Container& one) { return one.role != Role::main || one.has_ended(); };
      if (!std::ranges::all_of(containers, has_ended) || succeeded.contains(name)) continue;
      if (failed_at.contains(name) && failed_at[name] == containers.front().ended) continue;
      if (tries[name] < failures[name]) {
        failed_at[name] = containers.front().ended;
      } else {
        succeeded.insert(name);
      }
    }
  }

  /// Does what the course says, now and then only in part, as an agent that is killed.
  void obey(const JobCourse& course, const JobCourse::Next& next) {
    for (const auto& pod : next.to_make) {
      if (pods.contains(pod)) ++tries[pod];
      make(course, pod);
      if (random() % 8 == 0) return;
      start(pod);
    }
    for (const auto& pod : next.to_start) start(pod);
  }
};

}  // namespace

TEST_CASE("jobs: whatever fails when, a Job ends well exactly where no more pods fail than it allows") {
  const auto first = test::first_seed();
  for (auto seed = first; seed < first + test::seed_count(300); ++seed) {
    CAPTURE(seed);
    std::minstd_rand random(seed + 1);
    JobWorld world{{1 + random() % 6, 1 + random() % 4, static_cast<unsigned>(random() % 8)},
                   {},
                   1 + static_cast<unsigned>(random() % 2),
                   random() % 3 == 0,
                   random};
    unsigned all_failures = 0;
    for (std::size_t i = 0; i < world.plan.completions; ++i) {
      const auto count = random() % 2 == 0 ? static_cast<unsigned>(random() % 4) : 0;
      world.failures[fmt::format("j-{}", i)] = count;
      all_failures += count;
    }
    const bool ends_well = all_failures <= world.plan.retries;

    auto course = world.course();
    auto next = world.look(course);
    for (int looks = 0; looks < 100'000 && !next.done && next.lost.empty(); ++looks) {
      world.obey(course, next);
      CHECK(world.active() <= world.plan.parallelism);
      world.pass_time();
      if (random() % 20 == 0) course = world.course();  // the next agent
      // People tidy up.
      if (random() % 20 == 0 && !world.succeeded.empty()) {
        const auto pod = *world.succeeded.begin();
        if (world.tries[pod] == 0 && world.pods.erase(pod) > 0) world.has_run.push_back(pod);
      }
      next = world.look(course);
    }
    CHECK(next.done == ends_well);
    CHECK(next.lost.empty() == ends_well);
    CHECK(next.to_make.empty());
    if (ends_well) CHECK(world.succeeded.size() == world.plan.completions);
    // The next agent comes to the same, also long after.
    world.now += 100'000;
    auto later = world.course();
    const auto again = world.look(later);
    CHECK(again.done == ends_well);
    CHECK(again.to_make.empty());
    CHECK(again.to_start.empty());
  }
}

TEST_CASE("jobs: a pod that failed is made again after ten seconds, then after twice as long") {
  std::minstd_rand random(1);
  JobWorld world{{1, 1, 100}, {{"j", 9}}, 1, false, random};
  auto course = world.course();
  std::vector<std::int64_t> pauses;
  std::int64_t failed = 0;
  for (; world.now < 4000; ++world.now) {
    const auto next = world.look(course);
    if (next.done) break;
    if (!next.to_make.empty() && failed > 0) pauses.push_back(world.now - failed);
    world.obey(course, next);
    for (auto& one : world.pods.at("j")) {
      if (!one.is_running()) continue;
      one.state = "exited";
      one.exit_code = world.tries["j"] < 9 ? 3 : 0;
      failed = world.now;
    }
    if (!next.why.empty())
      CHECK_THAT(next.why, Contains("a pod ended with exit status 3; it is tried again in"));
  }
  for (auto& pause : pauses) --pause;  // it is looked at a second later
  CHECK(pauses == std::vector<std::int64_t>{10, 20, 40, 80, 160, 320, 360, 360, 360});
}

TEST_CASE("jobs: one that takes longer than it may is lost, and what runs of it is stopped") {
  std::minstd_rand random(1);
  JobWorld world{{2, 2, 6, std::chrono::seconds(30)}, {{"a", 0}, {"b", 0}}, 1, false, random};
  auto course = world.course();
  for (const auto& pod : world.look(course).to_make) {
    world.make(course, pod);
    world.start(pod);
  }
  world.now += 29;
  CHECK(world.look(course).lost.empty());
  world.now += 1;
  const auto next = world.look(course);
  CHECK(next.lost == "the Job has not ended within 30s (activeDeadlineSeconds)");
  CHECK(next.to_stop == std::vector<std::string>{"a", "b"});
}

TEST_CASE("jobs: one that ended after its time has failed, whatever its exit status and whoever looks when") {
  std::minstd_rand random(1);
  for (const std::int64_t took : {0, 29, 30, 31, 500}) {
    for (const std::int64_t later : {-100'000, 0, 1, 29, 30, 100'000}) {
      CAPTURE(took, later);
      JobWorld world{{2, 2, 6, std::chrono::seconds(30)}, {{"a", 0}, {"b", 0}}, 1, false, random};
      auto first = world.course();
      for (const auto& pod : world.look(first).to_make) world.make(first, pod);
      for (auto& [name, containers] : world.pods) {
        containers.front().state = "exited";
        containers.front().ended = world.now + (name == "a" ? 0 : took);
      }
      world.now += took + later;
      auto course = world.course();
      const auto next = world.look(course);
      CHECK(next.done == (took < 30));
      CHECK(next.lost.empty() == (took < 30));
      CHECK(next.to_make.empty());
    }
  }
}

TEST_CASE("jobs: the pods of one that ended well go when their time is over, and never those of another") {
  std::minstd_rand random(1);
  JobWorld world{{1, 1, 0}, {{"j", 0}}, 1, false, random};
  world.plan.ttl = std::chrono::seconds(60);
  world.pods["j"] = {container("j", "main")};
  auto& main = world.pods["j"].front();
  main.state = "exited";
  main.ended = world.now;
  auto course = world.course();
  world.now += 59;
  CHECK(world.look(course).tidy_in == std::chrono::seconds(1));
  CHECK(world.look(course).to_remove.empty());
  world.now += 1;
  CHECK(world.look(course).to_remove == std::vector<std::string>{"j"});
  world.now = 0;  // a clock that was set back
  CHECK(world.look(course).tidy_in == std::chrono::seconds(60));
  world.now = 100'000;
  main.exit_code = 3;
  CHECK(world.look(course).to_remove.empty());
}
