#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/commit_id.h"

namespace greenwave::sync {

/// A commit being applied whose health is not decided yet: something of it waits, or it is being watched, or
/// a power cut came between.
struct Trial {
  CommitId commit;
  bool reached = false;  ///< the repository answered just before the device was changed: it must do so again
  std::vector<std::string> touched{};  ///< objects that it changes and whose own health decides too
  std::vector<std::string> well{};     ///< health that was good once: it is not asked again
  /// Unplanned starts of the agent during this step; three mean a crash loop.
  unsigned starts = 0;
  std::string process{};  ///< that works on it; empty: it ended as it should
  std::string unwell{};   ///< why it is not healthy, where there is nothing to go back to
  /// Set while the device is taken back: why. Survives a power cut in the middle of it.
  std::string reverting{};
  bool told = false;                      ///< the history has it already that the commit was not healthy
  std::vector<std::string> undone{};      ///< what has been undone already
  std::vector<std::string> not_undone{};  ///< and what cannot be: "Command/flash: it names no undo"

  bool operator==(const Trial&) const = default;
};

/// A commit that was taken back. It is not tried again until the ref moves, or someone insists.
struct Rejected {
  CommitId commit;
  std::string reason{};
  Time when{};
  std::vector<std::string> not_undone{};
  std::string stuck{};   ///< why the device could not be taken back either: it is then left as it is
  std::string unwell{};  ///< why it is not healthy at the last good commit either

  bool operator==(const Rejected&) const = default;
};

/// Where the device is on its way from commit to commit.
struct Course {
  CommitId good;  ///< the last commit that proved healthy; empty: none yet
  std::optional<Trial> trial{};
  std::optional<Rejected> rejected{};

  bool is_reverting() const { return trial && !trial->reverting.empty(); }
  bool operator==(const Course&) const = default;
};

/// What is watched beside the objects: whether the repository still answers.
inline constexpr const char* repository_link = "repository";

/// A commit that is about to change the device.
struct Beginning {
  CommitId commit;
  std::string process;                 ///< this run of the agent
  bool changes = false;                ///< there are steps
  bool acts = false;                   ///< and not all of them wait
  std::vector<std::string> watched{};  ///< the objects that they change and whose own health decides
  bool reached = false;                ///< the repository has just answered
};

// Each returns the course that follows; none does anything else.

/// A pass begins with `tip` as the ref's commit (empty: unknown). What another run of the agent left in the
/// middle of a step counts as a crash: the third one turns back, or gives up turning back.
Course resumed(Course course, const CommitId& tip, const std::string& process, Time now);
/// Call before the first change to the device.
Course begun(Course course, const Beginning& beginning);
/// The commit is healthy, and what is gone back to from now on.
Course proved(Course course, const CommitId& commit);
/// These were healthy, and need not be asked again.
Course found_well(Course course, const std::vector<std::string>& names);
/// The commit on trial is not healthy: the device goes back, if there is a commit to go back to.
Course found_unwell(Course course, const std::string& reason);
/// Going back begins or goes on; the history has the reason.
Course turning_back(Course course, const std::string& process);
/// A command was asked to undo what it did; `why_not` is empty when it has.
Course undone(Course course, const std::string& object, const std::string& why_not);
/// Going back came to its end; `failure` is empty when the device is back.
Course reverted(Course course, const std::string& failure, Time now);
/// The pass came to its end: it has not crashed, whatever failed in it.
Course ended(Course course);

}  // namespace greenwave::sync
