// What a commit no longer declares goes last, and only for something that works.
#include <algorithm>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "unit/sync/cabinet.h"

using namespace greenwave;
using namespace greenwave::sync;
using namespace greenwave::test;
using Catch::Contains;
using drivers::Health;
using state::SyncResult;

namespace {

using Contents = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

const std::string old_unit = "SystemdUnit/lamp";
const std::string new_unit = "SystemdUnit/lantern";
const std::string file = "File/a";

/// A cabinet at a first commit with a unit and a file, and a second one that gives the unit another name.
struct Renamed : Cabinet {
  explicit Renamed(const std::string& content = "1") {
    driver.watches["SystemdUnit"] = {.interval = std::chrono::seconds(1), .within = std::chrono::minutes(2)};
    commit(one, {{old_unit, "1"}, {file, "1"}});
    run();
    REQUIRE(course().good == one);
    commit(two, {{new_unit, content}, {file, "2"}});
    driver.batches.clear();
  }

  void commit(const CommitId& id, const Contents& contents) {
    intake.commits[id] = objects(contents);
    intake.tip = id;
  }
  void later() { clock.elapsed += std::chrono::minutes(20); }
  bool has(const std::string& object) const { return driver.device.contains(id(object)); }
  /// What was asked of the driver.
  Words asked() const {
    Words all;
    for (const auto& batch : driver.batches) all.insert(all.end(), batch.begin(), batch.end());
    return all;
  }
  bool was_asked(const std::string& step) const { return contains(asked(), step); }
  std::string reason() const { return course().rejected ? course().rejected->reason : ""; }
};

bool waits_to_go(const Result& result, const std::string& object) {
  return std::ranges::any_of(result.standing.waiting, [&](const WaitingObject& one) {
    return one.object == object && one.what == "remove";
  });
}

}  // namespace

TEST_CASE("prune: what a commit no longer declares goes when what it brings is well") {
  Renamed cabinet;
  cabinet.driver.health[new_unit] = {Health::State::waiting, "it starts"};
  int looks = 0;
  cabinet.driver.looked = [&] {
    CHECK((looks >= 3 || cabinet.has(old_unit)));
    if (++looks == 3) cabinet.driver.health.clear();
  };
  CHECK(cabinet.run().record.result == SyncResult::in_sync);
  CHECK(cabinet.asked() == Words{"update File/a", "create SystemdUnit/lantern", "remove SystemdUnit/lamp"});
  CHECK((cabinet.course() == kept(cabinet.two)));
}

TEST_CASE("prune: nothing goes for a successor that cannot be applied") {
  Renamed cabinet;
  cabinet.driver.failing.insert(new_unit);
  cabinet.driver.faults[new_unit] = Fault::invalid;
  cabinet.run();
  CHECK_FALSE(cabinet.was_asked("remove SystemdUnit/lamp"));
  CHECK(cabinet.course().good == cabinet.one);
  CHECK_THAT(cabinet.reason(), Contains("SystemdUnit/lantern: it cannot be done"));
}

TEST_CASE("prune: nothing goes for a successor that never comes up") {
  Renamed cabinet("bad");
  CHECK(cabinet.run().record.result == SyncResult::reverted);
  CHECK(cabinet.has(old_unit));
  CHECK_FALSE(cabinet.was_asked("remove SystemdUnit/lamp"));
}

TEST_CASE("prune: a commit with a refused object is refused before it changes anything") {
  const auto refuses = GENERATE(true, false);
  Renamed cabinet(refuses ? "1" : "wrong");
  if (refuses) cabinet.driver.refused.insert(new_unit);
  CHECK(cabinet.run().record.result == SyncResult::held);
  CHECK(cabinet.course().rejected->refused == 1);
  const auto told = cabinet.state->history(1);
  REQUIRE(told.size() == 1);
  CHECK(told[0].result == SyncResult::refused);
  CHECK(told[0].commit == cabinet.two);
  CHECK(told[0].error == cabinet.reason());
  CHECK(cabinet.asked().empty());
  CHECK(cabinet.course().good == cabinet.one);
  CHECK_THAT(cabinet.reason(),
             Contains(refuses ? "SystemdUnit/lantern: the server does not take it"
                              : "base/SystemdUnit-lantern.yaml:4:17: error: this is no content"));
  CHECK(cabinet.driver.contents[id(file)] == "1");
  CHECK(cabinet.run().record.result == SyncResult::held);  // and is not tried again by itself
  CHECK(cabinet.asked().empty());
}

TEST_CASE("prune: a commit of which a part was applied already is taken back for what is refused later") {
  Renamed cabinet;
  cabinet.driver.failing.insert(new_unit);  // a fault that passes
  cabinet.run();
  REQUIRE(cabinet.driver.contents[id(file)] == "2");
  cabinet.driver.failing.clear();
  cabinet.driver.refused.insert(new_unit);
  cabinet.later();
  CHECK(cabinet.run().record.result == SyncResult::reverted);
  CHECK(cabinet.course().rejected->refused == 0);
  CHECK(cabinet.driver.contents[id(file)] == "1");
}

TEST_CASE("prune: a refused commit that overtakes one on trial takes that one back with it") {
  Renamed cabinet;
  cabinet.driver.failing.insert(new_unit);
  cabinet.run();
  REQUIRE(cabinet.driver.contents[id(file)] == "2");
  cabinet.driver.failing.clear();
  const CommitId three(std::string(40, '3'));
  cabinet.commit(three, {{new_unit, "wrong"}, {file, "3"}});
  cabinet.later();
  CHECK(cabinet.run().record.result == SyncResult::held);
  CHECK(cabinet.course().rejected->commit == three);
  CHECK(cabinet.course().rejected->refused == 1);
  CHECK(cabinet.driver.contents[id(file)] == "1");
  CHECK(cabinet.has(old_unit));
}

TEST_CASE("prune: a commit with a file that cannot be read is refused") {
  Renamed cabinet;
  cabinet.intake.commits[cabinet.two]["base/SystemdUnit-lantern.yaml"] = "apiVersion: [";
  CHECK(cabinet.run().record.result == SyncResult::held);
  CHECK_THAT(cabinet.reason(), Contains("base/SystemdUnit-lantern.yaml"));
  CHECK(cabinet.has(old_unit));
  CHECK(cabinet.asked().empty());
}

TEST_CASE("prune: a commit is not blamed for what was refused before it, and prunes beside that") {
  Cabinet cabinet;
  const std::string wrong = "File/wrong";
  cabinet.intake.commits[cabinet.one] = objects({{wrong, "wrong"}, {file, "1"}, {"File/b", "1"}});
  cabinet.intake.commits[cabinet.one]["base/broken.yaml"] = "apiVersion: [";
  CHECK(cabinet.run().record.result == SyncResult::failed);
  CHECK(cabinet.course().good == cabinet.one);  // there was nothing to go back to
  cabinet.intake.commits[cabinet.two] = objects({{wrong, "wrong"}, {"File/b", "2"}});
  const bool is_broken = GENERATE(true, false);
  if (is_broken) cabinet.intake.commits[cabinet.two]["base/broken.yaml"] = "apiVersion: [";
  cabinet.intake.tip = cabinet.two;
  CHECK(cabinet.run().record.result == SyncResult::failed);
  CHECK(cabinet.course().good == cabinet.two);
  CHECK(cabinet.driver.contents[id("File/b")] == "2");
  CHECK(cabinet.driver.device.contains(id(file)) == is_broken);  // it may be declared there
}

TEST_CASE("prune: without a last good commit nothing goes for what is refused or not well") {
  const auto content = GENERATE("bad", "wrong");
  Cabinet cabinet;
  cabinet.driver.watches["SystemdUnit"] = {.interval = std::chrono::seconds(1),
                                           .within = std::chrono::seconds(5)};
  cabinet.intake.commits[cabinet.one] = objects({{old_unit, "1"}, {"SystemdUnit/radar", "bad"}});
  cabinet.run();
  REQUIRE(cabinet.course().good.empty());
  cabinet.intake.commits[cabinet.two] = objects({{new_unit, content}, {"SystemdUnit/radar", "2"}});
  cabinet.intake.tip = cabinet.two;
  for (int pass = 0; pass < 3; ++pass) {
    const auto result = cabinet.run();
    CHECK(cabinet.driver.device.contains(id(old_unit)));
    CHECK(waits_to_go(result, old_unit));
    CHECK_THAT(result.standing.waiting_why, Contains(new_unit));
    cabinet.clock.elapsed += std::chrono::minutes(20);
  }
}

TEST_CASE("prune: while a commit is not decided, what it no longer declares is said to wait") {
  Renamed cabinet;
  cabinet.driver.failing.insert(new_unit);  // a fault that passes
  auto result = cabinet.run();
  CHECK(waits_to_go(result, old_unit));
  CHECK_THAT(result.standing.waiting_why, Contains("SystemdUnit/lantern: the disk is full"));
  CHECK(cabinet.has(old_unit));
  cabinet.driver.failing.clear();
  cabinet.later();
  result = cabinet.run();
  CHECK(result.record.result == SyncResult::in_sync);
  CHECK(result.standing.waiting.empty());
  CHECK_FALSE(cabinet.has(old_unit));
}

TEST_CASE("prune: a removal that fails for good takes the commit back, and one that fails for now waits") {
  Renamed cabinet;
  cabinet.driver.failing.insert(old_unit);
  CHECK(cabinet.run().record.result == SyncResult::failed);
  CHECK(cabinet.course().trial);
  cabinet.driver.faults[old_unit] = Fault::invalid;
  cabinet.later();
  CHECK(cabinet.run().record.result == SyncResult::reverted);
  CHECK(cabinet.course().good == cabinet.one);
}

TEST_CASE("prune: what only works beside what was removed takes the commit back") {
  Renamed cabinet;
  cabinet.driver.looked = [&] {
    if (!cabinet.has(old_unit)) cabinet.driver.health[new_unit] = {Health::State::bad, "it needs the lamp"};
  };
  CHECK(cabinet.run().record.result == SyncResult::reverted);
  CHECK_THAT(cabinet.reason(), Contains("it needs the lamp"));
  CHECK(cabinet.has(old_unit));
  CHECK_FALSE(cabinet.has(new_unit));
}

TEST_CASE("prune: a power cut before or in the middle of it is made good") {
  struct PowerCut {};
  Renamed cabinet;
  const auto at = GENERATE("remove SystemdUnit/lamp", "create SystemdUnit/lantern");
  cabinet.driver.before = [&](const plan::Step& step) {
    if (in_words(step) == at) throw PowerCut();
  };
  CHECK_THROWS_AS(cabinet.run(), PowerCut);
  CHECK(cabinet.has(old_unit));
  cabinet.driver.before = {};
  cabinet.process = "p2";
  cabinet.restart();
  CHECK(cabinet.run().record.result == SyncResult::in_sync);
  CHECK_FALSE(cabinet.has(old_unit));
  CHECK((cabinet.course() == kept(cabinet.two)));
}

TEST_CASE("prune: a device whose labels change keeps what it had until what it gets is well") {
  Renamed cabinet;
  cabinet.intake.tip = cabinet.one;  // the same commit declares something else for it now
  cabinet.intake.commits[cabinet.one] = cabinet.intake.commits[cabinet.two];
  cabinet.driver.drifted.insert(file);
  cabinet.driver.health[new_unit] = {Health::State::waiting, "it starts"};
  for (int pass = 0; pass < 2; ++pass) {
    const auto result = cabinet.run();
    CHECK(cabinet.has(old_unit));
    CHECK(waits_to_go(result, old_unit));
    CHECK_THAT(result.standing.waiting_why, Contains("SystemdUnit/lantern: it starts"));
  }
  cabinet.driver.health.clear();
  CHECK(cabinet.run().record.result == SyncResult::in_sync);
  CHECK_FALSE(cabinet.has(old_unit));
}

TEST_CASE("prune: nothing is ever removed, but on the way back, unless all that its commit brings works") {
  const Words names{"File/a", "File/b", "SystemdUnit/u", "SystemdUnit/v", "SystemdUnit/w"};
  std::size_t removed = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    std::minstd_rand random(seed);
    const auto chance = [&](unsigned one_in) { return random() % one_in == 0; };
    Cabinet cabinet;
    cabinet.driver.watches["SystemdUnit"] = {.interval = std::chrono::seconds(1),
                                             .within = std::chrono::seconds(5)};
    Contents wanted{{"File/a", "1"}, {"SystemdUnit/u", "1"}};
    cabinet.intake.commits[cabinet.one] = objects(wanted);
    cabinet.run();
    REQUIRE(cabinet.course().good == cabinet.one);
    cabinet.driver.before = [&](const plan::Step& step) {
      const auto course = cabinet.course();
      if (step.verb != plan::Verb::remove || course.is_reverting() || !course.stuck.empty()) return;
      ++removed;
      INFO(in_words(step));
      for (const auto& [object, content] : wanted) {
        const auto was_refused = course.refused && contains(*course.refused, object);
        if (was_refused || !course.trial) continue;
        const auto& before = course.trial->failed_before;
        if (contains(before, object)) continue;
        INFO(object);
        CHECK(cabinet.driver.contents[id(object)] == content);
        CHECK((content != "bad" || object.starts_with("File/")));
      }
    };
    for (int commit = 0; commit < 10; ++commit) {
      const auto& name = names[random() % names.size()];
      if (chance(3)) wanted.erase(name);
      wanted[names[random() % names.size()]] = chance(4)   ? "bad"
                                               : chance(5) ? "wrong"
                                                           : std::to_string(random() % 3);
      const CommitId next(fmt::format("{:040}", 100 + commit));
      cabinet.intake.commits[next] = objects(wanted);
      cabinet.intake.tip = next;
      cabinet.driver.failing.clear();
      cabinet.driver.refused.clear();
      if (chance(4)) {
        const auto& failing = names[random() % names.size()];
        cabinet.driver.failing.insert(failing);
        cabinet.driver.faults[failing] = chance(2) ? Fault::invalid : Fault::transient;
      }
      if (chance(5)) cabinet.driver.refused.insert(names[random() % names.size()]);
      if (wanted.empty()) continue;
      cabinet.run();
      cabinet.clock.elapsed += std::chrono::minutes(20);
    }
  }
  CHECK(removed > 40);
}
