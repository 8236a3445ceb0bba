#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/cluster.h"
#include "promote/health.h"

namespace greenwave::promote {

/// A ref on the way of a commit to the whole city. Commits enter at the first one; the last one is the
/// branch.
struct Stage {
  std::string name;  ///< of the wave, or "branch", or "source"
  std::string ref;
  CommitId commit;                     ///< empty: the ref does not exist, its devices follow the branch
  std::optional<Time> since{};         ///< when `commit` was first seen there
  const Wave* wave = nullptr;          ///< null for the branch and for a source
  std::vector<std::string> devices{};  ///< in the wave
};

enum class Verdict {
  settled,  ///< nothing to move
  moves,
  waits,    ///< the wave before is not done with its commit
  halted,   ///< too many devices of the wave before failed
  blocked,  ///< a person must decide
};
std::string_view to_string(Verdict verdict);

struct Decision {
  Verdict verdict = Verdict::settled;
  std::string reason;
  CommitId to;  ///< for `moves`
};

struct Situation {
  std::vector<Stage> stages;
  /// Whether the one commit is the other or an ancestor of it.
  std::function<bool(const CommitId& ancestor, const CommitId& commit)> leads_to;
  /// Empty: the devices are assumed to be healthy.
  std::optional<Health> health;
  Duration silent_after{};
  Time now{};
};

/// Decides for each stage. A commit that moves to a stage begins to soak there. Pure except for `leads_to`.
///
/// A stage takes the commit of the one before it when its soak time is over, enough of its devices have
/// reported it, enough of those are healthy and few enough have failed. Devices that stay silent count
/// against it until the wave's `silent_after` is over. A stage that is behind a later one catches up with it
/// at once, since more devices run that commit already. Refs only move forward.
std::vector<Decision> decide(const Situation& situation);

}  // namespace greenwave::promote
