// Random sequences of commits and of faults around them, against what they must come to.
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "unit/sync/cabinet.h"

using namespace greenwave;
using namespace greenwave::sync;
using namespace greenwave::test;
using drivers::Health;

namespace {

using Contents = std::map<std::string, std::string>;

const std::vector<std::string> parts{"File/a", "File/b", "Command/c", "SystemdUnit/u", "SystemdUnit/v"};
const std::string check = "HealthCheck/h";

/// A street whose surroundings fail and heal by chance, and what is known of it without looking at the agent.
struct Play {
  Cabinet cabinet;
  std::minstd_rand random;
  Contents good;    ///< of the commit that was kept last
  Contents wanted;  ///< of the newest
  int commits = 0;
  int judged = 0;

  explicit Play(unsigned seed) : random(seed) {
    cabinet.driver.watches["SystemdUnit"] = {.interval = std::chrono::seconds(1),
                                             .within = std::chrono::minutes(2)};
    cabinet.driver.watches["Command"] = cabinet.driver.watches["SystemdUnit"];
    cabinet.driver.watches["HealthCheck"] = {.interval = std::chrono::seconds(5),
                                             .within = std::chrono::minutes(1),
                                             .always = true,
                                             .declared = true};
    for (const auto& part : parts) wanted[part] = "1";
    wanted[check] = "1";
    commit();
    cabinet.run();
    good = wanted;
  }

  bool chance(unsigned one_in) { return random() % one_in == 0; }
  const std::string& any() { return parts[random() % parts.size()]; }

  void commit() {
    const CommitId id(fmt::format("{:040}", ++commits));
    cabinet.intake.commits[id] = objects(wanted);
    cabinet.intake.tip = id;
  }

  void surprise() {
    auto& driver = cabinet.driver;
    if (chance(3)) {
      const auto& part = any();
      driver.failing.insert(part);
      driver.faults[part] = chance(2) ? Fault::transient : Fault::invalid;
      if (chance(2)) driver.drifted.insert(part);
    }
    if (chance(3)) driver.failing.erase(any());
    if (chance(5)) driver.health[check] = {Health::State::waiting, "connection refused"};
    if (chance(3)) driver.health.erase(check);
    if (chance(4)) driver.drifted.insert(any());
    if (chance(2)) return;
    for (int i = 0; i < 2; ++i) wanted[any()] = chance(4) ? "bad" : std::to_string(random() % 5);
    commit();
  }

  bool fails_for_good(const std::string& part) const {
    return cabinet.driver.failing.contains(part) && !passes(cabinet.driver.faults.at(part));
  }

  /// What of the commit is at fault now, by the surroundings and by what it says.
  std::set<std::string> guilty(const Contents& contents) const {
    std::set<std::string> names;
    for (const auto& part : parts) {
      if (contents.at(part) == good.at(part)) continue;
      const bool is_watched = !part.starts_with("File/");
      if (fails_for_good(part) || (is_watched && contents.at(part) == "bad")) names.insert(part);
    }
    if (cabinet.driver.health.contains(check)) names.insert(check);
    return names;
  }

  void pass() {
    cabinet.clock.elapsed += std::chrono::minutes(20);
    if (chance(4)) {
      cabinet.process += "x";
      cabinet.restart();
    }
    const auto before = cabinet.course();
    cabinet.run();
    const auto after = cabinet.course();
    const auto& tip = cabinet.intake.tip;
    const bool is_back = after.rejected && (!before.rejected || before.rejected->commit != tip) &&
                         after.rejected->commit == tip;
    if (is_back) {
      ++judged;
      INFO(after.rejected->reason);
      CHECK_FALSE(guilty(wanted).empty());
    }
    if (after.good == tip && before.good != tip) {
      ++judged;
      good = wanted;
    }
  }

  void heal() {
    cabinet.driver.failing.clear();
    cabinet.driver.health.clear();
  }
};

}  // namespace

TEST_CASE("trial: in any surroundings no commit is taken back that nothing of can be blamed for") {
  int judged = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    Play play(seed);
    for (int i = 0; i < 12; ++i) {
      play.surprise();
      play.pass();
    }
    judged += play.judged;
  }
  CHECK(judged > 80);
}

TEST_CASE("trial: once all is well around it, a device is at the newest commit, or at the last good one") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    Play play(seed);
    for (int i = 0; i < 8; ++i) {
      play.surprise();
      play.pass();
    }
    play.heal();
    for (int i = 0; i < 4; ++i) play.pass();
    const auto course = play.cabinet.course();
    CHECK_FALSE(course.trial);
    CHECK(course.stuck.empty());
    CHECK(course.ailing.empty());
    REQUIRE((course.good == play.cabinet.intake.tip || course.rejected));
    if (course.rejected) CHECK(course.rejected->stuck == "");
    const auto& contents = course.rejected ? play.good : play.wanted;
    for (const auto& entry : play.cabinet.state->inventory()) {
      INFO(to_string(entry.id));
      CHECK(entry.error == "");
      CHECK(play.cabinet.driver.contents.at(entry.id) == contents.at(to_string(entry.id)));
    }
  }
}

TEST_CASE("trial: a commit whose own unit crashes is taken back whatever fails around it") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    Play play(seed);
    const std::string unit = "SystemdUnit/u";
    for (const auto& part : parts) {
      if (part == unit || play.chance(2)) continue;
      play.cabinet.driver.failing.insert(part);
      play.cabinet.driver.faults[part] = Fault::invalid;
      play.cabinet.driver.drifted.insert(part);
    }
    play.wanted[unit] = "bad";
    play.commit();
    play.cabinet.run();
    const auto course = play.cabinet.course();
    REQUIRE(course.rejected);
    CHECK(course.rejected->commit == play.cabinet.intake.tip);
    CHECK(course.rejected->stuck == "");
    CHECK(play.cabinet.driver.contents.at(id(unit)) == "1");
  }
}
