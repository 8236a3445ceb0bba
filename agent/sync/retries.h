#pragma once

#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "plan/plan.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// When what a passing fault has stopped is tried again: later from time to time, so that a registry that is
/// away costs little, and one that is back is soon used. What lasts is tried at every sync, since nobody
/// knows when someone mends it. Kept by the process: a new one begins with a try.
class Retries {
 public:
  /// Those of a plan's steps that are to be left out now. Another manifest is tried at once.
  std::map<ObjectId, FailedObject> later(const plan::Plan& plan, Instant now) const;

  /// After an apply: what is not in `failed` any more is forgotten; those of `tried`, which are among them,
  /// wait anew. Whoever waits gets his time in `failed`.
  void note(std::span<const plan::Desired> desired, std::vector<FailedObject>& failed,
            std::span<const FailedObject> tried, const Clock& clock);

  void forget() { waiting_.clear(); }

 private:
  struct Waiting {
    Digest digest;
    unsigned failures = 0;
    Instant next;
    FailedObject failed;
  };

  std::map<std::string, Waiting> waiting_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace greenwave::sync
