#include "sync/health.h"

#include <catch2/catch.hpp>

#include "support/objects.h"

using namespace greenwave;
using namespace greenwave::test;
using drivers::Health;
using sync::Verdict;

namespace {

/// Time that passes only while a probe waits.
struct FakeClock : Clock {
  Instant tick_{};
  Time now() const override { return Time{}; }
  Instant tick() const override { return tick_; }
  BootTime boot_time() const override { return {"a boot", passed()}; }
  Duration passed() const { return std::chrono::duration_cast<Duration>(tick_.time_since_epoch()); }
};

struct Bench {
  FakeClock clock;
  std::vector<std::string> well;
  int looks = 0;
  Duration end_after = Duration::max();

  sync::Subject subject(const std::string& name, std::function<Health()> ask,
                        Duration within = std::chrono::seconds(10)) {
    return {.name = name, .interval = std::chrono::seconds(1), .within = within, .ask = [this, ask] {
              ++looks;
              return ask();
            }};
  }

  Verdict probe(std::vector<sync::Subject> subjects) {
    return sync::probe(std::move(subjects), {.clock = clock,
                                             .wait =
                                                 [this](Duration time) {
                                                   clock.tick_ += time;
                                                   return clock.passed() >= end_after;
                                                 },
                                             .well =
                                                 [this](const std::vector<std::string>& names) {
                                                   well.insert(well.end(), names.begin(), names.end());
                                                 },
                                             .waiting = [](const std::string&) {}});
  }
};

Health waiting() {
  return {Health::State::waiting, "not yet"};
}

}  // namespace

TEST_CASE("health: without checks, the result is healthy at once") {
  Bench bench;
  CHECK(bench.probe({}).kind == Verdict::Kind::well);
  CHECK(bench.clock.passed() == Duration::zero());
}

TEST_CASE("health: a check that passed is not repeated") {
  Bench bench;
  int asked = 0;
  const auto verdict =
      bench.probe({bench.subject("a",
                                 [&asked] {
                                   ++asked;
                                   return Health{};
                                 }),
                   bench.subject("b", [&bench] {
                     return bench.clock.passed() < std::chrono::seconds(3) ? waiting() : Health{};
                   })});
  CHECK(verdict.kind == Verdict::Kind::well);
  CHECK(asked == 1);
  CHECK(bench.well == std::vector<std::string>{"a", "b"});
  CHECK(bench.clock.passed() == std::chrono::seconds(3));
}

TEST_CASE("health: a check that does not pass in time ends the wait at that moment, with the reason") {
  Bench bench;
  const auto verdict = bench.probe({bench.subject("a", waiting, std::chrono::milliseconds(2500))});
  CHECK(verdict.kind == Verdict::Kind::unwell);
  CHECK(bench.clock.passed() == std::chrono::milliseconds(2500));
  CHECK(verdict.reason() == "a: not yet");
}

TEST_CASE("health: a check that passes at the last attempt passes") {
  Bench bench;
  const auto verdict = bench.probe({bench.subject(
      "a", [&bench] { return bench.clock.passed() < std::chrono::milliseconds(2500) ? waiting() : Health{}; },
      std::chrono::milliseconds(2500))});
  CHECK(verdict.kind == Verdict::Kind::well);
}

TEST_CASE("health: a check that can no longer pass is not waited for") {
  Bench bench;
  const auto verdict = bench.probe({bench.subject("a", waiting), bench.subject("b", [] {
                                      return Health{Health::State::bad, "it failed"};
                                    })});
  CHECK(verdict.kind == Verdict::Kind::unwell);
  CHECK(verdict.reason() == "b: it failed");
  CHECK(bench.clock.passed() == Duration::zero());
}

TEST_CASE("health: a slow check does not cost another its last attempt") {
  Bench bench;
  const auto verdict =
      bench.probe({bench.subject("slow",
                                 [&bench] {
                                   bench.clock.tick_ += std::chrono::seconds(20);
                                   return Health{};
                                 }),
                   bench.subject("quick", [&bench] { return bench.looks < 3 ? waiting() : Health{}; })});
  CHECK(verdict.kind == Verdict::Kind::unwell);
  CHECK(bench.looks == 2);
}

TEST_CASE("health: an interrupted probe says so, and decides nothing") {
  Bench bench;
  bench.end_after = std::chrono::seconds(2);
  CHECK(bench.probe({bench.subject("a", waiting)}).kind == Verdict::Kind::ended);
}

TEST_CASE("health: without a time limit each check runs once") {
  Bench bench;
  CHECK(bench.probe({bench.subject("a", waiting, Duration::zero())}).kind == Verdict::Kind::unwell);
  CHECK(bench.looks == 1);
  CHECK(bench
            .probe({bench.subject(
                "a", [] { return Health{}; }, Duration::zero())})
            .kind == Verdict::Kind::well);
}

TEST_CASE("health: what nobody could be asked about in time is undecided, and the rest is still judged") {
  Bench bench;
  const auto away = [] {
    return Health{Health::State::waiting, "systemd does not answer", Fault::transient};
  };
  const auto undecided = bench.probe({bench.subject("a", away), bench.subject("b", [] { return Health{}; })});
  CHECK(undecided.kind == Verdict::Kind::undecided);
  REQUIRE(undecided.undecided.size() == 1);
  CHECK(undecided.undecided[0].object == "a");
  CHECK(bench.well == std::vector<std::string>{"b"});

  Bench other;
  const auto unwell = other.probe({other.subject("a", away), other.subject("b", waiting)});
  CHECK(unwell.kind == Verdict::Kind::unwell);
  REQUIRE(unwell.unwell.size() == 1);
  CHECK(unwell.unwell[0].object == "b");
}

TEST_CASE("health: what is on its way up is waited for, unless people said for how long") {
  Bench bench;
  const auto busy = [&bench] {
    Health health{Health::State::waiting, "it is activating"};
    health.busy = true;
    return bench.clock.passed() < std::chrono::minutes(20) ? health : Health{};
  };
  CHECK(bench.probe({bench.subject("a", busy)}).kind == Verdict::Kind::well);
  CHECK(bench.looks > 100);

  Bench declared;
  const auto always = [] {
    Health health{Health::State::waiting, "it is activating"};
    health.busy = true;
    return health;
  };
  auto subject = declared.subject("a", always);
  subject.declared = true;
  CHECK(declared.probe({subject}).kind == Verdict::Kind::unwell);
  CHECK(declared.clock.passed() == std::chrono::seconds(10));

  Bench endless;
  CHECK(endless.probe({endless.subject("a", always)}).kind == Verdict::Kind::unwell);
  CHECK(endless.clock.passed() >= std::chrono::hours(1));
}
