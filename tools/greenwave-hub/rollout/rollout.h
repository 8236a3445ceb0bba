#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "database/query.h"
#include "model/wave_health.h"

namespace greenwave::hub {

/// Why devices of a wave failed at its commit.
struct FailureGroup {
  std::string reason;  ///< one line; may be empty
  std::size_t devices = 0;
  std::vector<std::string> examples;
};

/// A wave, or the branch, and what its devices say about the commit that it is at.
struct WaveStanding {
  std::string wave;  ///< empty: the branch
  std::string commit;
  std::string subject;
  WaveTally tally;
  std::vector<FailureGroup> failures;  ///< the largest first; at most 20
  bool is_done = false;                ///< enough of its devices reported the commit, and are healthy
  std::string halted{};                ///< why promotion stops here; empty: it does not

  /// "canary", or "the branch".
  std::string name() const { return wave.empty() ? "the branch" : wave; }
};

/// Asks for the rollout: one row with one value, a text for read_rollout().
Query rollout_query(const std::string& city);

struct Rollout {
  std::string answer;  ///< to /v1/rollout, JSON
  std::vector<WaveStanding> waves;
};

/// Judges each wave by what greenwave.yaml asks of it, and the branch by the defaults. Throws Error
/// (internal) for what the statement does not return.
Rollout read_rollout(std::string_view text);

}  // namespace greenwave::hub
