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
  /// Objects that it changes and whose own health decides too, and those that restart for what it changes.
  std::vector<std::string> touched{};
  bool looked = false;                       ///< `failed_before` is known
  std::vector<std::string> failed_before{};  ///< objects that were not well just before its first change
  std::vector<std::string> well{};           ///< health that was good once: it is not asked again
  /// Unplanned starts of the agent during this step; three mean a crash loop.
  unsigned starts = 0;
  std::string process{};  ///< that works on it; empty: it ended as it should
  std::string unwell{};   ///< why it is not healthy, where there is nothing to go back to
  /// Set while the device is taken back: why. Survives a power cut in the middle of it.
  std::string reverting{};
  /// How much of it was refused before anything of it changed the device; 0: it was begun.
  std::size_t refused = 0;
  /// The run of the agent that changed what the agent itself starts with; a later one decides about that.
  std::string own_change{};
  bool told = false;                      ///< the history has it already that the commit was not healthy
  std::vector<std::string> undone{};      ///< what has been undone already
  std::vector<std::string> not_undone{};  ///< and what cannot be: "Command/flash: it names no undo"

  bool operator==(const Trial&) const = default;
};

/// A commit that was refused or taken back. It is not tried again until the ref moves, or someone insists.
struct Rejected {
  CommitId commit;
  std::string reason{};
  std::size_t refused = 0;  ///< see Trial
  Time when{};
  std::vector<std::string> not_undone{};
  std::string stuck{};   ///< what of it could not be taken back yet, and why
  std::string unwell{};  ///< why it is not healthy at the last good commit either

  bool operator==(const Rejected&) const = default;
};

/// Where the device is on its way from commit to commit.
struct Course {
  CommitId good;  ///< the last commit that proved healthy; empty: none yet
  std::optional<Trial> trial{};
  std::optional<Rejected> rejected{};
  /// Objects of a rejected commit that could not be taken back yet; they outlive it in `rejected`.
  std::vector<std::string> stuck{};
  /// Health checks that failed before the commit that was kept last, and may do so still.
  std::vector<std::string> ailing{};
  /// Objects, and files of manifests, that were refused when the last good commit was kept: none that follows
  /// is to blame for them. Nothing: an agent kept it that did not note them.
  std::optional<std::vector<std::string>> refused{};

  bool is_reverting() const { return trial && !trial->reverting.empty(); }
  /// Whether applying `commit` is the way back, and not one that overtakes it.
  bool goes_back_to(const CommitId& commit) const { return is_reverting() && commit == good; }
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
  std::vector<std::string> touched{};  ///< see Trial
  bool asked = true;                   ///< the repository was asked in this pass,
  bool reached = false;                ///< and has just answered
  std::vector<std::string> refused{};  ///< objects and files of manifests that it cannot use
};

/// Of what a way back was to bring: objects that it could not, and why.
struct Stuck {
  std::vector<std::string> objects{};
  std::string why{};  ///< empty: the device is back
};

// Each returns the course that follows; none does anything else.

/// A commit has another id now (git::CommitIdentity): what is known of it stays.
Course renamed(Course course, const CommitId& from, const CommitId& to);

/// A pass begins with `tip` as the ref's commit (empty: unknown). What another run of the agent left in the
/// middle of a step counts as a crash: the third one turns back, or gives up turning back.
Course resumed(Course course, const CommitId& tip, const std::string& process, Time now);
/// Call before the first change to the device. A way back that is not at its end is left for this commit.
Course begun(Course course, const Beginning& beginning);
/// The agent's own files were changed, in this run of the agent.
Course changed_own(Course course, const std::string& process);
/// These objects were not well before the first change.
Course looked_at(Course course, const std::vector<std::string>& failed);
/// The commit is healthy, and what is gone back to from now on; `ailing` and `refused` see Course.
Course proved(Course course, const CommitId& commit, std::vector<std::string> ailing,
              std::vector<std::string> refused);
/// These were healthy, and need not be asked again.
Course found_well(Course course, const std::vector<std::string>& names);
/// What the commit no longer declares is about to be removed: everything is asked once more after that.
Course pruning(Course course);
/// Of the commit on trial this much is refused, and nothing of it has changed the device. found_unwell()
/// follows.
Course found_refused(Course course, std::size_t refused);
/// The commit on trial is not healthy: the device goes back, if there is a commit to go back to.
Course found_unwell(Course course, const std::string& reason);
/// Going back begins or goes on; the history has the reason.
Course turning_back(Course course, const std::string& process);
/// A command was asked to undo what it did; `why_not` is empty when it has.
Course undone(Course course, const std::string& object, const std::string& why_not);
/// Going back came to its end.
Course reverted(Course course, Stuck stuck, Time now);
/// What a way back left was tried again; the ones in `stuck` are still not back.
Course freed(Course course, Stuck stuck);
/// The pass came to its end: it has not crashed, whatever failed in it.
Course ended(Course course);

}  // namespace greenwave::sync
