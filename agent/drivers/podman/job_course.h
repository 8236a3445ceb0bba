#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "drivers/podman/view.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// What a Job's pods have come to, and what is next: as many at a time as `parallelism` allows, a new pod for
/// one that failed after a pause, twice as long each time, until all have succeeded, or more have failed than
/// backoffLimit allows, or the Job's time is over. Where it ended well, its pods go when their time is over.
/// Pods carry in labels what a new agent must know. Pure.
class JobCourse {
 public:
  /// `pods`: the names of its pods, one for each completion.
  JobCourse(workload::JobPlan plan, std::vector<std::string> pods) : plan_(plan), names_(std::move(pods)) {}

  struct Next {
    std::vector<std::string> to_make{};   ///< pods to make, in the place of those that are there
    std::vector<std::string> to_start{};  ///< pods that are there and have not run
    std::vector<std::string> to_stop{};
    std::vector<std::string> to_remove{};  ///< pods whose time is over
    bool done = false;
    std::optional<std::chrono::seconds> tidy_in{};  ///< done: until pods are to be removed
    std::string lost{};                             ///< why it has failed for good; empty: it has not
    std::string why{};                              ///< what it waits for after a failure; empty: nothing
  };

  /// `pods` as podman lists them now; `has_run`: those that are not there, and ran once. `now` is in seconds
  /// since 1970, `tick` on a clock that nobody sets.
  Next next(const Pods& pods, const std::vector<std::string>& has_run, std::int64_t now, Instant tick);

  /// The labels of a pod's next try.
  std::map<std::string, std::string> labels(const std::string& pod, const Pods& pods, std::int64_t now) const;

 private:
  struct Tally;
  void tidy(const Pods& pods, std::int64_t now, Next& next) const;
  Tally tally(const Pods& pods, const std::vector<std::string>& has_run) const;

  workload::JobPlan plan_;
  std::vector<std::string> names_;
  std::map<std::string, Instant> again_{};  ///< when a pod that failed is made again
};

}  // namespace greenwave::drivers::podman
