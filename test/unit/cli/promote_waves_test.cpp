#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>

#include "promote/plan.h"

using namespace greenwave;
using namespace greenwave::promote;
using namespace std::chrono_literals;

namespace {

const Time now = from_iso("2026-11-24T12:00:00Z");
const CommitId old_commit("a"), new_commit("b");

/// One wave before the branch. The commit came to it two hours ago, and soaks for one.
struct OneWave {
  Wave wave;
  Situation situation;

  explicit OneWave(std::size_t devices, Duration ago = 2h) {
    wave.name = "canary";
    Stage stage{.name = "canary",
                .ref = "refs/heads/canary",
                .commit = new_commit,
                .since = now - ago,
                .wave = &wave};
    for (std::size_t i = 0; i < devices; ++i) stage.devices.push_back("d" + std::to_string(i));
    situation.stages = {stage, {.name = "branch", .ref = "refs/heads/main", .commit = old_commit}};
    situation.leads_to = [](const CommitId& ancestor, const CommitId& commit) { return ancestor <= commit; };
    situation.health = Health{};
    situation.silent_after = 1h;
    situation.now = now;
  }
  OneWave(const OneWave&) = delete;
  OneWave& operator=(const OneWave&) = delete;

  /// The devices `first` to `last`.
  OneWave& hears(std::size_t first, std::size_t last, const std::string& health,
                 const CommitId& commit = new_commit, Duration ago = 1min) {
    for (auto i = first; i <= last; ++i) {
      (*situation.health)["d" + std::to_string(i)] = {commit, commit, health, now - ago};
    }
    return *this;
  }

  Decision decision() const { return decide(situation).back(); }
  Verdict verdict() const { return decision().verdict; }
  bool says(const std::string& words) const { return decision().reason.find(words) != std::string::npos; }
};

}  // namespace

TEST_CASE("promote: of ten canaries eight are healthy and two are switched off, and the commit moves on") {
  OneWave city(10);
  city.hears(0, 7, "healthy");
  CHECK(city.verdict() == Verdict::moves);
  CHECK(city.says("2 silent: d8, d9"));
}

TEST_CASE("promote: too many silent devices hold a commit for a day and are then listed and passed over") {
  OneWave fresh(10, 23h);
  fresh.hears(0, 4, "healthy");
  CHECK(fresh.verdict() == Verdict::waits);
  CHECK(fresh.says("5 of 10 devices in canary at b reported, 8 needed; 5 silent: d5, d6, d7, d8, d9"));
  CHECK(fresh.says("silence holds it until 2026-11-24 13:00 UTC"));
  OneWave old(10, 24h);
  old.hears(0, 4, "healthy");
  CHECK(old.verdict() == Verdict::moves);
  CHECK(old.says("passing over 5 silent: d5, d6, d7, d8, d9"));
  old.wave.silent_after = 25h;
  CHECK(old.verdict() == Verdict::waits);
}

TEST_CASE("promote: where nobody reported, nothing is passed over, whatever the percentages are") {
  OneWave city(3, 24h * 365);
  city.wave.reported_percent = city.wave.healthy_percent = 0;
  CHECK(city.verdict() == Verdict::waits);
  city.hears(0, 2, "healthy", new_commit, 2h);  // too long ago
  CHECK(city.verdict() == Verdict::waits);
  city.hears(0, 0, "healthy");
  CHECK(city.verdict() == Verdict::moves);
}

TEST_CASE("promote: failures are counted among the devices that reported, and those passed over hide none") {
  OneWave city(40, 24h);
  city.wave.failed_percent = 5;
  city.hears(0, 8, "healthy").hears(9, 9, "failed");
  CHECK(city.verdict() == Verdict::halted);
  CHECK(city.says("1 of 10 devices that reported in canary at b failed, more than 5 percent: d9"));
}

TEST_CASE(
    "promote: the first device of a large wave that fails does not halt it before the others reported") {
  OneWave city(100, 10min);
  city.hears(0, 0, "failed");
  CHECK(city.verdict() == Verdict::waits);
  city.hears(1, 5, "reverted");
  CHECK(city.verdict() == Verdict::halted);
  CHECK(city.says("6 of 100 devices in canary at b failed"));
}

TEST_CASE("promote: a device that failed and is not heard of since has still failed") {
  OneWave city(10, 48h);
  city.hears(0, 8, "healthy").hears(9, 9, "failed", new_commit, 30h);
  CHECK(city.verdict() == Verdict::halted);
}

TEST_CASE("promote: devices that report from another commit are never passed over") {
  OneWave city(10, 48h);
  city.hears(0, 5, "healthy").hears(6, 9, "healthy", old_commit);
  CHECK(city.verdict() == Verdict::waits);
  CHECK(city.says("6 of 10 devices in canary at b reported, 8 needed; 4 at another commit"));
}

TEST_CASE("promote: a device that was last seen before the commit came is silent") {
  OneWave city(2, 30min);
  city.wave.soak = 10min;
  city.wave.silent_after = 20min;
  city.hears(0, 0, "healthy").hears(1, 1, "healthy", old_commit, 40min);
  CHECK(city.says("passing over 1 silent: d1"));
  city.hears(1, 1, "healthy", old_commit, 29min);
  CHECK(city.says("1 at another commit"));
}

namespace {

/// One device as the model sees it, apart from how promote stores and counts it.
struct Member {
  enum Kind { unheard, well, busy, broken, broken_and_gone, well_and_gone, behind, behind_and_gone };
  Kind kind;
};

/// What must become of a commit, counted with whole numbers from the rule in greenwave.yaml(5).
Verdict expected(const std::vector<Member>& members, const Wave& wave, Duration age) {
  int all = 0, silent = 0, at_it = 0, good = 0, bad = 0;
  for (const auto& member : members) {
    ++all;
    const auto is = [&](auto... kinds) { return ((member.kind == kinds) || ...); };
    silent += is(Member::unheard, Member::well_and_gone, Member::behind_and_gone) ? 1 : 0;
    at_it += is(Member::well, Member::busy, Member::broken, Member::broken_and_gone) ? 1 : 0;
    good += is(Member::well) ? 1 : 0;
    bad += is(Member::broken, Member::broken_and_gone) ? 1 : 0;
  }
  const int counted = age < wave.silent_after ? all : all - silent;
  const bool quorum = at_it > 0 && 100 * at_it >= static_cast<int>(wave.reported_percent) * counted;
  const int among = quorum ? at_it : counted;
  if (100 * bad > static_cast<int>(wave.failed_percent) * among) return Verdict::halted;
  if (age < wave.soak || !quorum) return Verdict::waits;
  return 100 * good >= static_cast<int>(wave.healthy_percent) * at_it ? Verdict::moves : Verdict::waits;
}

DeviceHealth report_of(Member::Kind kind, std::mt19937& random) {
  const auto soon = now - std::chrono::minutes(random() % 60);
  const auto long_ago = now - 61min - std::chrono::minutes(random() % 3000);
  const bool went_back = random() % 2 == 0;
  switch (kind) {
    case Member::well:
      return {new_commit, random() % 2 == 0 ? new_commit : CommitId(), "healthy", soon};
    case Member::well_and_gone:
      return {new_commit, new_commit, "healthy", long_ago};
    case Member::busy:
      return {went_back ? old_commit : new_commit, new_commit, "progressing", soon};
    case Member::behind:
      return {old_commit, {}, went_back ? "healthy" : "failed", now};
    case Member::behind_and_gone:
      return {old_commit, {}, went_back ? "healthy" : "failed", long_ago};
    case Member::broken:
      return {went_back ? old_commit : new_commit, new_commit, went_back ? "reverted" : "failed", soon};
    default:
      return {went_back ? old_commit : new_commit, new_commit, went_back ? "reverted" : "failed", long_ago};
  }
}

}  // namespace

TEST_CASE("promote: random waves are decided as a count by hand decides them") {
  std::mt19937 random(20261127);
  const auto percent = [&] { return static_cast<double>(std::min<std::size_t>(random() % 130, 100)); };
  std::map<Verdict, int> seen;
  for (int round = 0; round < 20'000; ++round) {
    const auto age = std::chrono::minutes(random() % 3000);
    OneWave city(1 + random() % 12, age);
    auto& wave = city.wave;
    wave.soak = std::chrono::minutes(random() % 600);
    wave.silent_after = std::chrono::minutes(random() % 3000);
    wave.reported_percent = percent();
    wave.healthy_percent = percent();
    wave.failed_percent = percent();
    const bool mostly_well = random() % 2 == 0;
    std::vector<Member> members;
    for (const auto& id : city.situation.stages[0].devices) {
      const auto kind =
          mostly_well && random() % 4 != 0 ? Member::well : static_cast<Member::Kind>(random() % 8);
      members.push_back({kind});
      if (kind != Member::unheard) (*city.situation.health)[id] = report_of(kind, random);
    }
    const auto verdict = city.verdict();
    ++seen[verdict];
    INFO("round " << round << ": " << city.decision().reason);
    REQUIRE(to_string(verdict) == to_string(expected(members, wave, age)));
  }
  for (const auto verdict : {Verdict::moves, Verdict::waits, Verdict::halted}) CHECK(seen[verdict] > 1000);
}
