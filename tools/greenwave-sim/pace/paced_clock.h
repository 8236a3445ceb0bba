#pragma once

#include <chrono>

#include "base/clock.h"

namespace greenwave::sim {

/// The time of a whole fleet. It passes as fast as it is told: an hour in which there is nobody to ask need
/// not last one. One thread.
class PacedClock : public Clock {
 public:
  explicit PacedClock(const Clock& real);

  Time now() const override { return wall_ + passed(); }
  Instant tick() const override { return tick_ + passed(); }
  BootTime boot_time() const override { return real_.boot_time(); }

  /// From now on, so many seconds pass in one; above 0.
  void set_pace(double pace);
  double pace() const { return pace_; }
  /// The fleet slept so long.
  void skip(Duration time);
  /// How long the real clock takes for that.
  Duration real(Duration time) const;

 private:
  Duration passed() const;
  void settle();

  const Clock& real_;
  Time wall_;
  Instant tick_;
  Instant since_;  ///< of the real clock: wall_ and tick_ are of that moment
  double pace_ = 1;
};

}  // namespace greenwave::sim
