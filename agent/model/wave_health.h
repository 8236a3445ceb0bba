#pragma once

#include <cstddef>

#include "model/cluster.h"

namespace greenwave {

/// What a wave's devices say about a commit, in numbers.
struct WaveTally {
  std::size_t devices = 0;
  std::size_t reported = 0;  ///< that they run it, or tried to
  std::size_t healthy = 0;   ///< of those that reported
  std::size_t failed = 0;    ///< others that reported
  std::size_t silent = 0;    ///< that are not heard of
};

/// Whether a commit may go on from a wave, by what greenwave.yaml asks of it. Pure.
class WaveHealth {
 public:
  /// The commit came to the wave `age` ago.
  WaveHealth(const Wave& wave, const WaveTally& tally, Duration age);

  /// Whether the wave's time for silence is over: silent devices no longer hold it.
  bool passes_silence() const { return passes_silence_; }
  /// The devices of which reports are expected.
  std::size_t expected() const { return tally_.devices - (passes_silence_ ? tally_.silent : 0); }
  bool enough_reported() const;
  bool enough_healthy() const;
  /// The devices among which failures are counted: those that reported once they are enough, else all that
  /// are expected, so that the first of them to fail is not all of them.
  std::size_t answering() const { return enough_reported() ? tally_.reported : expected(); }
  /// Too many of them failed.
  bool is_halted() const;

 private:
  const Wave& wave_;
  WaveTally tally_;
  bool passes_silence_;
};

}  // namespace greenwave
