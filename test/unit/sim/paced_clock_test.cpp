#include "pace/paced_clock.h"

#include <catch2/catch.hpp>

using namespace greenwave;
using namespace std::chrono_literals;

namespace {

struct StandingClock : Clock {
  Time now() const override { return clock_is_set + passed; }
  Instant tick() const override { return Instant() + passed; }
  BootTime boot_time() const override { return {}; }

  Duration passed{};
};

}  // namespace

TEST_CASE("sim clock: time passes as fast as it is told, and a change of that moves no moment before it") {
  StandingClock real;
  sim::PacedClock clock(real);
  const auto began = clock.tick();
  const auto day = clock.now();
  real.passed += 10s;
  CHECK(clock.tick() == began + 10s);
  clock.set_pace(20);
  CHECK(clock.tick() == began + 10s);
  real.passed += 3min;
  CHECK(clock.tick() == began + 10s + 1h);
  CHECK(clock.now() == day + 10s + 1h);
  clock.set_pace(1);
  real.passed += 1s;
  CHECK(clock.tick() == began + 11s + 1h);
}

TEST_CASE("sim clock: what is waited for takes less of real time when time passes faster") {
  StandingClock real;
  sim::PacedClock clock(real);
  CHECK(clock.real(60s) == 60s);
  clock.set_pace(20);
  CHECK(clock.real(60s) == 3s);
}

TEST_CASE("sim clock: a fleet may sleep for a month at once") {
  StandingClock real;
  sim::PacedClock clock(real);
  const auto began = clock.tick();
  clock.skip(720h);
  CHECK(clock.tick() == began + 720h);
  CHECK(clock.now() == clock_is_set + 720h);
}
