#pragma once

#include "base/clock.h"

namespace greenwave::test {

/// Passes time when it is told to.
struct SetClock : Clock {
  Time time = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
  Instant instant{};

  Time now() const override { return time; }
  Instant tick() const override { return instant; }
  BootTime boot_time() const override {
    return {"boot", std::chrono::duration_cast<Duration>(instant.time_since_epoch())};
  }

  void pass(Duration duration) {
    time += duration;
    instant += duration;
  }
};

}  // namespace greenwave::test
