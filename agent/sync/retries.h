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

/// When to try again what a transient fault has stopped: with growing delays, so that an unreachable registry
/// costs little, but is soon used once it is back. A lasting fault is tried at every sync, since nobody knows
/// when someone fixes it. Kept in memory: a new process tries at once.
class Retries {
 public:
  /// The steps of a plan to leave out for now. A changed manifest is tried at once.
  std::map<ObjectId, FailedObject> later(const plan::Plan& plan, Instant now) const;

  /// Call after an apply. Forgets what is no longer in `failed`; objects in `tried`, a subset of `failed`,
  /// get a new delay. Sets the time of the next try in `failed`.
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
