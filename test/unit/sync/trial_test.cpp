#include <catch2/catch.hpp>

#include "base/error.h"
#include "state/keys.h"
#include "unit/sync/cabinet.h"

using namespace greenwave;
using namespace greenwave::sync;
using namespace greenwave::test;
using Catch::Contains;
using drivers::Health;
using state::SyncResult;

namespace {

using Contents = std::map<std::string, std::string>;

/// A cabinet with units and checks whose health counts, at a first commit that was kept.
struct Street : Cabinet {
  Contents now;

  explicit Street(Contents first) : now(std::move(first)) {
    driver.watches["SystemdUnit"] = {.interval = std::chrono::seconds(1), .within = std::chrono::minutes(2)};
    driver.watches["HealthCheck"] = {.interval = std::chrono::seconds(5),
                                     .within = std::chrono::minutes(1),
                                     .always = true,
                                     .declared = true};
    commit(one, {});
    CHECK(run().record.result == SyncResult::in_sync);
    CHECK(course().good == one);
  }

  void commit(const CommitId& id, const Contents& changes) {
    for (const auto& [object, content] : changes) {
      content.empty() ? void(now.erase(object)) : void(now[object] = content);
    }
    intake.commits[id] = objects(now);
    intake.tip = id;
  }

  void fails(const std::string& object, Fault fault = Fault::invalid) {
    driver.failing.insert(object);
    driver.faults[object] = fault;
  }
  void heals(const std::string& object) {
    driver.failing.erase(object);
    driver.faults.erase(object);
    driver.health.erase(object);
  }
  /// As hardware does: what runs there stops, and cannot be started.
  void breaks(const std::string& object) {
    fails(object);
    driver.drifted.insert(object);
    driver.health[object] = {Health::State::bad, "it failed"};
  }
  void later() { clock.elapsed += std::chrono::minutes(20); }
};

const CommitId two("2222222222222222222222222222222222222222");
const CommitId three("3333333333333333333333333333333333333333");
const std::string lamp = "SystemdUnit/lamp";
const std::string radar = "SystemdUnit/radar";

std::string reasons(const Result& result) {
  std::string text;
  for (const auto& failed : result.standing.failed) text += failed.object + ": " + failed.reason + "\n";
  return text;
}

}  // namespace

TEST_CASE(
    "trial: hardware that fails beside a commit is reported, and the commit and all later ones are kept") {
  Street street(Contents{{"File/a", "1"}, {lamp, "1"}, {radar, "1"}});
  street.breaks(radar);
  street.commit(two, {{"File/a", "2"}, {lamp, "2"}});
  auto result = street.run();
  CHECK(result.record.result == SyncResult::failed);
  CHECK_THAT(reasons(result), Contains(radar));
  CHECK((street.course() == kept(two)));

  street.commit(three, {{"File/a", "3"}});
  street.run();
  CHECK(street.course().good == three);
  street.driver.drifted.insert("File/a");
  CHECK(street.run().standing.repaired == 1);  // what drifts is repaired as always

  street.heals(radar);
  CHECK(street.run().record.result == SyncResult::in_sync);
  CHECK((street.course() == kept(three)));
}

TEST_CASE("trial: a commit that is to blame is taken back although hardware fails that it does not touch") {
  Street street(Contents{{lamp, "1"}, {radar, "1"}});
  street.breaks(radar);
  street.commit(two, {{lamp, "bad"}});
  const auto result = street.run();
  CHECK(result.record.result == SyncResult::reverted);
  CHECK(result.record.error == "");
  CHECK_THAT(reasons(result), Contains(radar));
  REQUIRE(street.course().rejected);
  CHECK_THAT(street.course().rejected->reason, Contains("lamp") && !Contains("radar"));
  CHECK(street.course().rejected->stuck == "");
}

TEST_CASE(
    "trial: a command whose check fails on this device alone takes back no commit that does not change it") {
  Street street(Contents{{"Command/flash", "1"}, {"File/a", "1"}});
  street.driver.watches["Command"] = {.interval = std::chrono::seconds(1), .within = std::chrono::seconds(1)};
  street.driver.drifted.insert("Command/flash");
  street.fails("Command/flash");
  street.commit(two, {{"File/a", "2"}});
  street.run();
  CHECK(street.course().good == two);
}

TEST_CASE("trial: what failed before and is changed is not blamed when it fails still") {
  Street street(Contents{{radar, "1"}, {"File/a", "1"}});
  street.breaks(radar);
  street.run();
  street.commit(two, {{radar, "2"}, {"File/a", "2"}});
  CHECK_THAT(reasons(street.run()), Contains(radar));
  CHECK(street.course().good == two);
}

TEST_CASE(
    "trial: a unit that is found failed just before the commit changes it is not blamed on the commit") {
  Street street(Contents{{radar, "1"}});
  street.driver.health[radar] = {Health::State::bad, "it failed"};
  street.commit(two, {{radar, "2"}});
  street.run();
  CHECK(street.course().good == two);
}

TEST_CASE("trial: a unit that is on its way up before the commit still answers for it afterwards") {
  Street street(Contents{{radar, "1"}});
  street.driver.health[radar] = {Health::State::waiting, "it has been up for 2s only"};
  street.commit(two, {{radar, "bad"}});
  street.run();
  CHECK(street.course().good == street.one);
}

TEST_CASE("trial: a crash loop from before the commit is not blamed on it") {
  Street street(Contents{{radar, "1"}});
  street.driver.health[radar] = {.state = Health::State::waiting, .reason = "it restarts", .loops = true};
  street.commit(two, {{radar, "2"}});
  street.run();
  CHECK(street.course().good == two);
}

TEST_CASE("trial: a health check that failed before is reported until it passes, and blames no commit") {
  Street street(Contents{{"HealthCheck/spat", "1"}, {"File/a", "1"}});
  street.driver.health["HealthCheck/spat"] = {Health::State::waiting, "connection refused"};
  street.commit(two, {{"File/a", "2"}});
  CHECK_THAT(reasons(street.run()), Contains("as it did before") && Contains("connection refused"));
  CHECK(street.course().good == two);
  street.restart();
  CHECK_THAT(reasons(street.run()), Contains("connection refused"));
  street.driver.health.clear();
  CHECK(street.run().record.result == SyncResult::in_sync);
  CHECK((street.course() == kept(two)));

  street.commit(three, {{"File/a", "3"}});
  street.driver.before = [&](const plan::Step&) {
    street.driver.health["HealthCheck/spat"] = {Health::State::waiting, "connection refused"};
  };
  street.run();
  CHECK(street.course().good == two);
  REQUIRE(street.course().rejected);
}

TEST_CASE("trial: a check that is not up yet after a boot is given its time before the commit begins") {
  Street street(Contents{{"HealthCheck/spat", "1"}, {"File/a", "1"}});
  street.clock.elapsed = std::chrono::seconds(1);  // the device has just started
  street.restart();
  auto& health = street.driver.health["HealthCheck/spat"];
  health = {Health::State::waiting, "connection refused"};
  street.driver.looked = [&] {
    if (street.clock.elapsed > std::chrono::seconds(40)) health = {};
  };
  street.commit(two, {{"File/a", "2"}});
  street.driver.before = [&](const plan::Step&) {
    street.driver.looked = {};
    health = {Health::State::waiting, "connection refused"};
  };
  street.run();
  CHECK(street.course().good == street.one);  // it was well before, and is not since
}

TEST_CASE(
    "trial: a registry that is away for a while keeps the commit on trial, with back-off, and then it is "
    "kept") {
  Street street(Contents{{lamp, "1"}, {"HealthCheck/spat", "1"}});
  street.commit(two, {{lamp, "2"}});
  street.fails(lamp, Fault::transient);
  street.driver.health["HealthCheck/spat"] = {};
  auto result = street.run();
  REQUIRE(result.standing.failed.size() == 1);
  CHECK(passes(result.standing.failed[0].fault));
  REQUIRE(result.standing.failed[0].again);
  CHECK(result.standing.next() == result.standing.failed[0].again);
  REQUIRE(street.course().trial);
  CHECK_FALSE(street.course().is_reverting());

  const auto tries = street.driver.batches.size();
  CHECK_THAT(reasons(street.run()), Contains(lamp));  // not yet again
  CHECK(street.driver.batches.size() == tries);
  for (int i = 0; i < 5; ++i) {
    street.later();
    street.run();
    CHECK(street.course().trial);
  }
  street.heals(lamp);
  street.later();
  CHECK(street.run().record.result == SyncResult::in_sync);
  CHECK((street.course() == kept(two)));
}

TEST_CASE("trial: while a passing fault keeps the commit from being whole, its health checks are not asked") {
  Street street(Contents{{lamp, "1"}, {"HealthCheck/spat", "1"}});
  street.commit(two, {{lamp, "2"}});
  street.driver.before = [&](const plan::Step&) {
    street.driver.health["HealthCheck/spat"] = {Health::State::waiting, "connection refused"};
  };
  street.fails(lamp, Fault::transient);
  street.run();
  CHECK_FALSE(street.course().rejected);
  CHECK(street.course().trial);
}

TEST_CASE("trial: a full disk keeps a file's commit on trial, and the agent's restarts do not change that") {
  Street street(Contents{{"File/a", "1"}});
  street.commit(two, {{"File/a", "2"}});
  street.fails("File/a", Fault::transient);
  for (int i = 0; i < 5; ++i) {
    street.process += "x";
    street.restart();
    street.run();
    CHECK(street.course().trial);
    CHECK_FALSE(street.course().rejected);
  }
  street.heals("File/a");
  street.restart();
  street.run();
  CHECK((street.course() == kept(two)));
}

TEST_CASE("trial: a file that cannot be written for good takes its commit back") {
  Street street(Contents{{"File/a", "1"}, {"File/b", "1"}});
  street.commit(two, {{"File/a", "2"}, {"File/c", "1"}});
  street.fails("File/c");
  street.driver.before = [&](const plan::Step& step) {
    if (step.verb == plan::Verb::remove) street.heals("File/c");
  };
  const auto result = street.run();
  CHECK(result.record.result == SyncResult::reverted);
  REQUIRE(street.course().rejected);
  CHECK_THAT(street.course().rejected->reason, Contains("File/c"));
}

TEST_CASE("trial: a unit that restarts for a file that the commit changes answers for it") {
  Street street(Contents{{"File/a", "1"}, {radar, "1"}});
  street.driver.restart_on[radar] = "File/a";
  street.commit(two, {{"File/a", "2"}});
  street.driver.before = [&](const plan::Step& step) {
    if (to_string(step.id) == radar) street.driver.health[radar] = {Health::State::bad, "it crashes"};
  };
  street.run();
  CHECK(street.course().good == street.one);
}

TEST_CASE("trial: a unit that restarts for a file that is only repaired does not") {
  Street street(Contents{{"File/a", "1"}, {"File/b", "1"}, {radar, "1"}});
  street.driver.restart_on[radar] = "File/a";
  street.driver.drifted.insert("File/a");
  street.commit(two, {{"File/b", "2"}});
  street.fails(radar);
  street.run();
  CHECK(street.course().good == two);
}

TEST_CASE("trial: a second commit on top of an undecided one answers for both") {
  Street street(Contents{{lamp, "1"}, {"File/a", "1"}});
  street.commit(two, {{lamp, "2"}});
  street.fails(lamp, Fault::transient);
  street.run();
  street.commit(three, {{"File/a", "3"}});
  street.run();
  REQUIRE(street.course().trial);
  CHECK(street.course().trial->commit == three);
  street.fails(lamp, Fault::invalid);
  street.later();
  street.run();
  CHECK(street.course().good == street.one);
  REQUIRE(street.course().rejected);
  CHECK(street.course().rejected->commit == three);
}

TEST_CASE("trial: a way back that cannot finish goes on with the rest, and a next commit is judged alone") {
  Street street(Contents{{"File/a", "1"}, {"File/b", "1"}, {lamp, "1"}});
  street.commit(two, {{"File/a", "2"}, {lamp, "bad"}});
  bool applied = false;
  street.driver.before = [&](const plan::Step& step) {
    if (applied && to_string(step.id) == "File/a") street.fails("File/a");
    applied = applied || to_string(step.id) == lamp;
  };
  const auto result = street.run();
  CHECK_THAT(result.record.error, Contains("could not be reverted completely") && Contains("File/a"));
  REQUIRE(street.course().rejected);
  CHECK(street.course().stuck == std::vector<std::string>{"File/a"});

  street.driver.drifted.insert("File/b");
  CHECK(street.run().standing.repaired == 1);
  CHECK_THAT(street.course().rejected->stuck, Contains("File/a"));

  street.commit(three, {{"File/a", "1"}, {lamp, "1"}, {"File/b", "3"}});
  street.run();
  CHECK(street.course().good == three);
  CHECK_FALSE(street.course().rejected);
  street.driver.before = {};
  street.heals("File/a");
  CHECK(street.run().record.result == SyncResult::in_sync);
  CHECK((street.course() == kept(three)));
}

TEST_CASE("trial: a way back that waits for what passes gives way to a newer commit, which is judged alone") {
  Street street(Contents{{"File/a", "1"}, {lamp, "1"}});
  street.commit(two, {{"File/a", "2"}, {lamp, "bad"}});
  street.intake.away.emplace(street.one, Error(Fault::transient, "the server is away"));
  auto result = street.run();
  CHECK_THAT(result.record.error, Contains("is being taken back") && Contains("the server is away"));
  CHECK(street.course().is_reverting());
  street.run();
  CHECK(street.course().is_reverting());  // the ref is still at the commit that is taken back

  SECTION("a commit that mends it is kept") {
    street.commit(three, {{lamp, "3"}});
    result = street.run();
    CHECK(result.record.result == SyncResult::in_sync);
    CHECK((street.course() == kept(three)));
  }
  SECTION("a commit that leaves it as it is is taken back too, as soon as that can be") {
    street.commit(three, {{"File/a", "3"}});
    street.run();
    REQUIRE(street.course().is_reverting());
    CHECK(street.course().trial->commit == three);
    street.intake.away.clear();
    CHECK(street.run().record.result == SyncResult::reverted);
    CHECK(street.course().good == street.one);
    CHECK(street.course().rejected->commit == three);
    CHECK(street.driver.contents.at({"greenwave.dev/v1", "SystemdUnit", "", "lamp"}) == "1");
  }
  SECTION("a commit that cannot be read changes nothing about the way back") {
    street.intake.commits[three] = {{"greenwave.yaml", "kind: ["}};
    street.intake.tip = three;
    street.run();
    REQUIRE(street.course().is_reverting());
    CHECK(street.course().trial->commit == two);
    street.intake.away.clear();
    CHECK(street.run().record.result == SyncResult::reverted);
    CHECK(street.course().good == street.one);
  }
  SECTION("the ref goes back to the good commit") {
    street.intake.tip = street.one;
    street.run();
    CHECK(street.course().is_reverting());
    street.intake.away.clear();
    CHECK(street.run().record.result == SyncResult::reverted);
  }
}

TEST_CASE("trial: a command that was undone on the way back is run again by the commit that overtakes it") {
  Street street(Contents{{"File/a", "1"}});
  street.commit(two, {{"Command/flash", "2"}, {lamp, "bad"}});
  bool turns = false;
  street.driver.before = [&](const plan::Step& step) {
    turns = turns || !street.driver.undone.empty();
    if (turns && step.verb == plan::Verb::remove) street.stop = true;
  };
  street.run();
  CHECK(street.driver.undone == std::vector<std::string>{"Command/flash"});
  REQUIRE(street.course().is_reverting());
  street.stop = false;
  street.driver.before = {};

  street.intake.away.emplace(street.one, Error(Fault::transient, "the server is away"));
  street.commit(three, {{lamp, "3"}});
  street.run();
  CHECK(std::ranges::find(street.steps, "create Command/flash") != street.steps.end());
  CHECK((street.course() == kept(three)));
}

TEST_CASE("trial: what a way back left comes back by itself once it can, and that is told once") {
  Street street(Contents{{"File/a", "1"}, {lamp, "1"}});
  street.commit(two, {{"File/a", "2"}, {lamp, "bad"}});
  bool applied = false;
  street.driver.before = [&](const plan::Step& step) {
    if (applied && to_string(step.id) == "File/a") street.fails("File/a");
    applied = applied || to_string(step.id) == lamp;
  };
  street.run();
  street.run();
  street.driver.before = {};
  street.heals("File/a");
  CHECK(street.run().record.result == SyncResult::reverted);
  CHECK(street.run().record.result == SyncResult::held);
  CHECK(street.course().stuck.empty());
  CHECK(street.course().rejected->stuck == "");
}

TEST_CASE("trial: a device that an older agent left as it was goes on, and is back when nothing fails") {
  Street street(Contents{{"File/a", "1"}});
  street.commit(two, {{"File/a", "2"}});
  street.state->set_value(state::keys::course, "{\"good\":\"" + street.one.text() +
                                                   "\",\"rejected\":{\"commit\":\"" + two.text() +
                                                   "\",\"stuck\":\"File/a: it cannot be done\"}}");
  street.restart();
  street.driver.drifted.insert("File/a");
  CHECK(street.run().standing.repaired == 1);
  REQUIRE(street.course().rejected);
  CHECK(street.course().rejected->stuck == "");
}
