#include "state/pause.h"

#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/set_clock.h"

using namespace greenwave;
using namespace greenwave::state;
using namespace std::chrono_literals;

namespace {

/// A device that was started five minutes ago, and may be started again.
struct Device : test::SetClock {
  std::string boot = "first boot";

  Device() { pass(5min); }
  BootTime boot_time() const override { return {boot, test::SetClock::boot_time().since}; }

  void restart(const std::string& again, Time then) {
    boot = again;
    time = then;
    instant = Instant(10s);
  }
};

/// How long a pause of an hour has left, through its stored form.
std::optional<Duration> left(const Pause& pause, const Device& clock) {
  const auto now = standing(pause_from_json(to_json(pause)), clock);
  if (!now) return {};
  return now->until - clock.now();
}

Pause an_hour(const Device& clock) {
  return pause_for(1h, "ana", "relamping", clock);
}

}  // namespace

TEST_CASE("pause: it ends when its time is over") {
  Device clock;
  const auto pause = an_hour(clock);
  CHECK(left(pause, clock) == 1h);
  clock.pass(59min);
  CHECK(left(pause, clock) == 1min);
  clock.pass(1min);
  CHECK_FALSE(left(pause, clock));
}

TEST_CASE("pause: a clock that is set from 1970 does not end it, and its end is shown by the new clock") {
  Device clock;
  clock.time = Time{};
  const auto pause = an_hour(clock);
  clock.time = from_iso("2026-11-24T06:00:00Z");
  CHECK(left(pause, clock) == 1h);
  CHECK(standing(pause, clock)->until == from_iso("2026-11-24T07:00:00Z"));
  CHECK(standing(pause, clock)->assumed.empty());
}

TEST_CASE("pause: a clock that is set back a year does not make it longer") {
  Device clock;
  const auto pause = an_hour(clock);
  clock.time -= std::chrono::hours(365 * 24);
  CHECK(left(pause, clock) == 1h);
  clock.pass(1h);
  CHECK_FALSE(left(pause, clock));
}

TEST_CASE("pause: after a restart the clock decides, and status says so") {
  Device clock;
  const auto pause = an_hour(clock);
  clock.restart("second boot", clock.time + 20min);
  CHECK(left(pause, clock) == 40min);
  CHECK(standing(pause, clock)->assumed == "the device restarted meanwhile: by its clock");
  clock.time += 40min;
  CHECK_FALSE(left(pause, clock));
}

TEST_CASE("pause: after a restart without a clock it is counted from the start, and status says so") {
  Device clock;
  const auto pause = an_hour(clock);
  clock.restart("second boot", Time{});
  CHECK(left(pause, clock) == 1h - 10s);
  CHECK(standing(pause, clock)->assumed ==
        "the device restarted meanwhile and its clock is not set: counted again from the start");
  clock.pass(1h);
  CHECK_FALSE(left(pause, clock));
}

TEST_CASE("pause: one of an older agent ends by the clock, and at the latest after the longest pause") {
  Device clock;
  clock.time = from_iso("2026-11-24T06:00:00Z");
  const auto old = pause_from_json({{"until", "2026-11-24T07:00:00Z"}, {"who", "ana"}});
  CHECK(left(old, clock) == 1h);
  clock.time -= std::chrono::hours(365 * 24);
  CHECK(left(old, clock) <= longest_pause);
  clock.pass(longest_pause);
  CHECK_FALSE(left(old, clock));
}

TEST_CASE(
    "pause: whatever clocks and restarts do, it lasts its time within a boot, and never longer than that") {
  std::mt19937 random(20261124);
  const auto some = [&random](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
  };
  for (int round = 0; round < 2000; ++round) {
    Device clock;
    if (some(3) == 0) clock.time = Time{};
    const auto pause = an_hour(clock);
    Duration in_boot{};
    bool first_boot = true;
    for (int step = 0; step < 12; ++step) {
      const Duration time(some(20 * 60'000));
      switch (some(3)) {
        case 0:  // NTP, or a person, sets the clock
          clock.time = Time(Duration(some(4'000'000'000'000)));
          break;
        case 1:
          clock.restart(std::to_string(step), some(1) == 0 ? Time{} : clock.time + time);
          in_boot = clock.boot_time().since;
          first_boot = false;
          break;
        default:
          clock.pass(time);
          in_boot += time;
      }
      const auto rest = left(pause, clock);
      CHECK(rest.value_or(0s) <= std::max(Duration(1h) - in_boot, Duration::zero()));
      if (first_boot) CHECK(rest.value_or(0s) == std::max(Duration(1h) - in_boot, Duration::zero()));
    }
  }
}
