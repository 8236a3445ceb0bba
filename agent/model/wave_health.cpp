#include "model/wave_health.h"

namespace greenwave {

namespace {

bool reaches(std::size_t part, double percent, std::size_t whole) {
  return static_cast<double>(part) * 100 >= percent * static_cast<double>(whole);
}

bool exceeds(std::size_t part, double percent, std::size_t whole) {
  return static_cast<double>(part) * 100 > percent * static_cast<double>(whole);
}

}  // namespace

WaveHealth::WaveHealth(const Wave& wave, const WaveTally& tally, Duration age)
    : wave_(wave), tally_(tally), passes_silence_(age >= wave.silent_after) {}

bool WaveHealth::enough_reported() const {
  return tally_.reported > 0 && reaches(tally_.reported, wave_.reported_percent, expected());
}

bool WaveHealth::enough_healthy() const {
  return reaches(tally_.healthy, wave_.healthy_percent, tally_.reported);
}

bool WaveHealth::is_halted() const {
  return exceeds(tally_.failed, wave_.failed_percent, answering());
}

}  // namespace greenwave
