#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "base/error.h"
#include "promote/health.h"
#include "promote/plan.h"
#include "promote/record.h"

using namespace greenwave;
using namespace greenwave::promote;
using namespace std::chrono_literals;

namespace {

const Time now = from_iso("2026-11-24T12:00:00Z");

/// Commits are letters; each leads on from all before it in the alphabet, but for "x", which is beside them.
bool leads_to(const CommitId& ancestor, const CommitId& commit) {
  const CommitId beside("x");
  if (ancestor == commit) return true;
  return ancestor != beside && commit != beside && ancestor < commit;
}

struct Case {
  Wave canary, early;
  Situation situation;

  Case(const std::string& at_canary, const std::string& at_early, const std::string& at_branch) {
    canary.name = "canary";
    canary.soak = early.soak = 1h;
    early.name = "early";
    situation.stages = {stage("canary", at_canary, &canary, {"c1", "c2"}),
                        stage("early", at_early, &early, {"e1", "e2", "e3", "e4"}),
                        stage("branch", at_branch, nullptr, {})};
    situation.leads_to = leads_to;
    situation.health = Health{};
    situation.silent_after = 1h;
    situation.now = now;
  }

  static Stage stage(const std::string& name, const std::string& commit, const Wave* wave,
                     std::vector<std::string> devices) {
    return {.name = name,
            .ref = "refs/heads/" + name,
            .commit = CommitId(commit),
            .since = now - 2h,
            .wave = wave,
            .devices = std::move(devices)};
  }

  Case& hears(const std::string& device, const std::string& commit, const std::string& health,
              Duration ago = 1min) {
    (*situation.health)[device] = {CommitId(commit), {}, health, now - ago};
    return *this;
  }

  Decision of(std::size_t stage) const { return decide(situation).at(stage); }
  Verdict verdict(std::size_t stage) const { return of(stage).verdict; }
};

}  // namespace

TEST_CASE("promote: a commit goes on when it has soaked and enough devices are healthy at it") {
  Case city("b", "a", "a");
  city.hears("c1", "b", "healthy").hears("c2", "b", "healthy");
  CHECK(city.verdict(1) == Verdict::moves);
  CHECK(city.of(1).to == CommitId("b"));
  CHECK(city.verdict(2) == Verdict::waits);  // it has just come to the wave before
}

TEST_CASE("promote: a soak time that is not over, or of unknown beginning, holds it") {
  Case city("b", "a", "a");
  city.hears("c1", "b", "healthy").hears("c2", "b", "healthy");
  city.situation.stages[0].since = now - 59min;
  CHECK(city.verdict(1) == Verdict::waits);
  city.situation.stages[0].since.reset();
  CHECK(city.verdict(1) == Verdict::waits);
}

TEST_CASE("promote: silence, an old report and health at another commit count as not healthy") {
  Case silent("b", "a", "a");
  silent.hears("c1", "b", "healthy");
  CHECK(silent.verdict(1) == Verdict::waits);
  CHECK(silent.hears("c2", "b", "healthy", 61min).verdict(1) == Verdict::waits);
  CHECK(silent.hears("c2", "a", "healthy").verdict(1) == Verdict::waits);
  CHECK(silent.hears("c2", "b", "progressing").verdict(1) == Verdict::waits);
  CHECK(silent.hears("c2", "b", "healthy").verdict(1) == Verdict::moves);
}

TEST_CASE("promote: more failures than the wave allows halt it, also before its soak time is over") {
  Case city("b", "a", "a");
  city.situation.stages[0].since = now;
  city.hears("c1", "b", "healthy").hears("c2", "b", "failed");
  CHECK(city.verdict(1) == Verdict::halted);
  CHECK(city.of(1).reason.find("c2") != std::string::npos);
  city.canary.failed_percent = 50;
  CHECK(city.verdict(1) == Verdict::waits);
  CHECK(city.hears("c2", "a", "failed").verdict(1) == Verdict::waits);  // at another commit
  city.canary.failed_percent = 0;
  (*city.situation.health)["c2"] = {CommitId("a"), CommitId("b"), "reverted", now};
  CHECK(city.verdict(1) == Verdict::halted);
}

TEST_CASE("promote: one wave's halt does not hold what is further on already") {
  Case city("c", "b", "a");
  city.hears("c1", "c", "failed").hears("c2", "c", "failed");
  for (const auto* id : {"e1", "e2", "e3", "e4"}) city.hears(id, "b", "healthy");
  CHECK(city.verdict(1) == Verdict::halted);
  CHECK(city.verdict(2) == Verdict::moves);
  CHECK(city.of(2).to == CommitId("b"));
}

TEST_CASE("promote: what is behind a later stage is brought up to it, and nothing goes back") {
  const Case city("a", "c", "b");
  CHECK(city.verdict(0) == Verdict::moves);
  CHECK(city.of(0).to == CommitId("c"));
  CHECK(city.verdict(1) == Verdict::settled);
  CHECK(city.verdict(2) == Verdict::waits);
  const Case fixed("a", "a", "b");
  CHECK(fixed.of(0).to == CommitId("b"));
  CHECK(fixed.of(1).to == CommitId("b"));
  CHECK(fixed.verdict(2) == Verdict::settled);
}

TEST_CASE("promote: diverged stages are left to a person") {
  const Case city("x", "a", "a");
  CHECK(city.verdict(0) == Verdict::settled);
  CHECK(city.verdict(1) == Verdict::blocked);
}

TEST_CASE(
    "promote: a missing ref is made with the first commit that is due there, and nothing comes from one") {
  Case city("b", "", "a");
  city.hears("c1", "b", "healthy").hears("c2", "b", "healthy");
  CHECK(city.of(1).to == CommitId("b"));
  const Case first("", "a", "a");
  CHECK(first.verdict(1) == Verdict::settled);
  const Case none("", "", "a");
  CHECK(none.verdict(2) == Verdict::settled);
}

TEST_CASE("promote: a wave without devices decides nothing; what is assumed healthy only soaks") {
  Case city("b", "a", "a");
  city.situation.stages[0].devices.clear();
  CHECK(city.verdict(1) == Verdict::waits);
  city.situation.health.reset();
  CHECK(city.verdict(1) == Verdict::moves);
  city.situation.stages[0].since = now;
  CHECK(city.verdict(1) == Verdict::waits);
}

TEST_CASE("promote: at exactly the percentages a commit goes on") {
  Case city("b", "b", "a");
  city.early.healthy_percent = 75;
  city.early.failed_percent = 25;
  city.hears("e1", "b", "healthy").hears("e2", "b", "healthy").hears("e4", "b", "failed");
  CHECK(city.verdict(2) == Verdict::waits);
  CHECK(city.hears("e3", "b", "healthy").verdict(2) == Verdict::moves);
}

TEST_CASE("promote: the record of what was seen since when survives its commit message") {
  const Record record{
      {"refs/heads/wave/canary", {CommitId("3f786850e387550fdab836ed7e6dc881de23001b"), now}}};
  CHECK(read_record("Move early to 3f78\n\n" + write_record(record) + "\n") == record);
  CHECK(read_record("A message of somebody else's").empty());
  CHECK(read_record("\n{\"refs/heads/a\": 7}").empty());
  CHECK(read_record("\n{\"refs/heads/a\": {\"commit\": \"b\", \"since\": \"then\"}}").empty());
}

TEST_CASE("promote: health is read with its times, and what is wrong with it names the device") {
  const auto health = parse_health(
      R"({"devices": {"a": {"commit": "c", "health": "healthy", "seen": "2026-11-24T12:00:00Z", "more": 1}}})",
      "h");
  CHECK(health.at("a").seen == now);
  for (const auto* text :
       {"", "[]", "{}", R"({"devices": []})", R"({"devices": {"a": 1}})",
        R"({"devices": {"a": {"health": "fine"}}})", R"({"devices": {"a": {"health": 1}}})"}) {
    CHECK_THROWS_AS(parse_health(text, "h"), Error);
  }
  CHECK_THROWS_WITH(parse_health(R"({"devices": {"fr-1": {"health": "fine"}}})", "health.json"),
                    Catch::StartsWith("health.json: the device fr-1: health is \"fine\""));
}
