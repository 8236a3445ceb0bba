#include "pace/paced_clock.h"

namespace greenwave::sim {

namespace {

Duration scaled(Duration time, double by) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, Duration::period>(time) * by);
}

}  // namespace

PacedClock::PacedClock(const Clock& real)
    : real_(real), wall_(real.now()), tick_(real.tick()), since_(real.tick()) {}

Duration PacedClock::passed() const {
  return scaled(std::chrono::duration_cast<Duration>(real_.tick() - since_), pace_);
}

void PacedClock::settle() {
  const auto time = passed();
  wall_ += time;
  tick_ += time;
  since_ = real_.tick();
}

void PacedClock::set_pace(double pace) {
  settle();
  pace_ = pace;
}

void PacedClock::skip(Duration time) {
  settle();
  wall_ += time;
  tick_ += time;
}

Duration PacedClock::real(Duration time) const {
  return scaled(time, 1 / pace_);
}

}  // namespace greenwave::sim
