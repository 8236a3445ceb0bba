#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/cluster.h"
#include "promote/health.h"

namespace greenwave::promote {

/// A ref that commits go through on their way to the whole city. They come in at the first one, and the last
/// one is the branch.
struct Stage {
  std::string name;  ///< of the wave, or "branch", or "source"
  std::string ref;
  std::string commit;                  ///< empty: the ref is missing, its devices follow the branch
  std::optional<Time> since{};         ///< when `commit` was first seen there
  const Wave* wave = nullptr;          ///< null for the branch and for a source
  std::vector<std::string> devices{};  ///< in the wave
};

enum class Verdict {
  settled,  ///< there is nothing to move
  moves,
  waits,    ///< the wave before has not shown enough yet
  halted,   ///< too much failed in the wave before
  blocked,  ///< only a person can say how it goes on
};
std::string_view to_string(Verdict verdict);

struct Outcome {
  Verdict verdict = Verdict::settled;
  std::string reason;
  std::string to;  ///< of `moves`: the commit
};

struct Question {
  std::vector<Stage> stages;
  /// Whether the one commit is an ancestor of the other, or the same.
  std::function<bool(const std::string& ancestor, const std::string& commit)> leads_to;
  /// Absent: the devices are assumed to be healthy.
  std::optional<Health> health;
  Duration silent_after{};
  Time now{};
};

/// What becomes of each stage, in one round; a commit begins to soak where it has just come to. Pure but for
/// `leads_to`.
///
/// A stage takes the commit of the one before it when its soak time is over, enough of its devices are
/// healthy and few enough have failed. A stage that is behind a later one is brought up to that at once: more
/// devices have its commit already. Nothing ever goes anywhere but forward.
std::vector<Outcome> decide(const Question& question);

}  // namespace greenwave::promote
