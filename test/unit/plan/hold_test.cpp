#include "plan/hold.h"

#include <catch2/catch.hpp>

#include "support/objects.h"

using namespace greenwave;
using namespace greenwave::test;
using plan::Disruption;
using plan::Verb;
using plan::Wait;

namespace {

/// Steps over manifests that live as long as they do.
struct Steps {
  std::vector<plan::Desired> desired;
  std::vector<plan::Step> steps;

  explicit Steps(const std::vector<std::string>& objects) {
    for (const auto& object : objects) desired.push_back(Make(object));
    for (const auto& one : desired) {
      plan::Step step;
      step.verb = Verb::update;
      step.id = one.manifest.id;
      step.desired = &one;
      step.difference.kind = plan::Difference::Kind::change;
      steps.push_back(step);
    }
  }

  std::string waits(std::size_t number) const {
    const auto wait = steps[number].wait;
    return wait == Wait::nothing ? "nothing" : wait == Wait::restart ? "restart" : "all";
  }
};

}  // namespace

TEST_CASE("hold: a file is written now, and the restart that it asks for is owed") {
  Steps plan({"File/a", "SystemdUnit/u"});
  plan.steps[1].verb = Verb::restart;
  plan.steps[1].restart_because = {id("File/a")};
  hold(plan.steps, 0, {});
  CHECK(plan.waits(0) == "nothing");
  CHECK(plan.waits(1) == "restart");
  CHECK(waiting_in_words(plan.steps[1]) == "restart for File/a");
}

TEST_CASE("hold: a command waits, and with it every other change that a unit is restarted for") {
  Steps plan({"File/a", "File/other", "Command/flash", "SystemdUnit/u"});
  plan.steps[2].difference.disruption = Disruption::whole;
  plan.steps[3].restart_because = {id("File/a"), id("Command/flash")};
  hold(plan.steps, 0, {});
  CHECK(plan.waits(0) == "all");
  CHECK(plan.waits(1) == "nothing");
  CHECK(plan.waits(2) == "all");
  CHECK(plan.waits(3) == "all");
  CHECK(waiting_in_words(plan.steps[2]) == "update");
}

TEST_CASE("hold: waiting spreads from unit to unit over the files that they share") {
  Steps plan({"File/a", "File/b", "Command/flash", "SystemdUnit/u", "SystemdUnit/v"});
  plan.steps[2].difference.disruption = Disruption::whole;
  plan.steps[3].restart_because = {id("File/a"), id("Command/flash")};
  plan.steps[4].restart_because = {id("File/a"), id("File/b")};
  hold(plan.steps, 0, {});
  for (std::size_t i = 0; i < plan.steps.size(); ++i) CHECK(plan.waits(i) == "all");
}

TEST_CASE("hold: what depends on a waiting step waits") {
  Steps plan({"Command/flash", "File/a"});
  plan.steps[0].difference.disruption = Disruption::whole;
  plan.steps[1].needs = {{0}};
  hold(plan.steps, 0, {});
  CHECK(plan.waits(1) == "all");
}

TEST_CASE("hold: a reload waits only if a change that it is for waits") {
  Steps plan({"File/a", "Command/flash", "SystemdUnit/u", "SystemdUnit/v"});
  plan.steps[1].difference.disruption = Disruption::whole;
  plan.steps[2].reload_because = {id("File/a")};
  plan.steps[3].reload_because = {id("Command/flash")};
  hold(plan.steps, 0, {});
  CHECK(plan.waits(0) == "nothing");
  CHECK(plan.waits(2) == "nothing");
  CHECK(plan.waits(3) == "all");
}

TEST_CASE("hold: what is removed waits when it runs, and altogether while the clock is unset") {
  const auto file = applied(Make("File/old"));
  auto unit = applied(Make("SystemdUnit/old"));
  unit.live = true;
  Steps plan({});
  plan.steps.push_back({.verb = Verb::remove, .id = file.id, .entry = &file});
  plan.steps.push_back({.verb = Verb::remove, .id = unit.id, .entry = &unit});
  SECTION("outside of a window") {
    hold(plan.steps, 0, {});
    CHECK(plan.waits(0) == "nothing");
    CHECK(plan.waits(1) == "all");
  }
  SECTION("clock unset") {
    hold(plan.steps, 0, {.removals = true});
    CHECK(plan.waits(0) == "all");
    CHECK(plan.waits(1) == "all");
  }
}

TEST_CASE("hold: steps that are already done stay as they are") {
  Steps plan({"File/a", "SystemdUnit/u"});
  plan.steps[0].difference.disruption = Disruption::whole;
  plan.steps[1].needs = {{0}};
  hold(plan.steps, 1, {});
  CHECK(plan.waits(0) == "nothing");
  CHECK(plan.waits(1) == "nothing");
}
