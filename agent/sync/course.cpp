#include "sync/course.h"

#include <utility>

#include "base/contains.h"

namespace greenwave::sync {

namespace {

/// The third start in the same unfinished step is one too many.
constexpr unsigned most_starts = 3;

void add(std::vector<std::string>& list, const std::string& text) {
  if (!contains(list, text)) list.push_back(text);
}

}  // namespace

Course renamed(Course course, const CommitId& from, const CommitId& to) {
  if (course.good == from) course.good = to;
  if (course.trial && course.trial->commit == from) course.trial->commit = to;
  if (course.rejected && course.rejected->commit == from) course.rejected->commit = to;
  return course;
}

Course resumed(Course course, const CommitId& tip, const std::string& process, Time now) {
  if (course.rejected && !tip.empty() && tip != course.rejected->commit) course.rejected.reset();
  if (!course.trial || course.trial->process.empty() || course.trial->process == process) return course;
  auto& trial = *course.trial;
  ++trial.starts;
  trial.process = process;
  if (trial.starts < most_starts) return course;
  if (!trial.reverting.empty()) {
    return reverted(std::move(course),
                    {.why = "the agent was started for the third time in the middle of it"}, now);
  }
  if (course.good.empty()) return course;
  trial.reverting = "the agent was started for the third time in the middle of applying it";
  trial.starts = 1;
  return course;
}

Course begun(Course course, const Beginning& beginning) {
  const auto& commit = beginning.commit;
  if (commit == course.good || (!beginning.changes && !course.trial)) return course;
  if (!course.trial) course.trial = Trial{.commit = commit};
  auto& trial = *course.trial;
  const bool is_other = trial.commit != commit;
  const bool is_new = is_other || (trial.process.empty() && beginning.acts);
  if (is_other) {
    trial.unwell.clear();
    trial.reverting.clear();
    trial.refused = 0;
    trial.told = false;
    trial.undone.clear();
    trial.not_undone.clear();
  }
  if (is_new) {
    trial.commit = commit;
    trial.starts = 1;
    trial.process = beginning.process;
  }
  // A commit that follows one which nobody judged yet answers for what that one changed as well.
  for (const auto& object : beginning.touched) add(trial.touched, object);
  // What a commit left that was taken back is not this one's doing, nor what was refused before.
  for (const auto& object : course.stuck) add(trial.failed_before, object);
  if (!course.good.empty()) {
    for (const auto& one : course.refused.value_or(beginning.refused)) add(trial.failed_before, one);
  }
  // What the repository's silence means depends on whether it spoke before this change, not before one after
  // which it spoke already.
  const bool answered_since = contains(trial.well, repository_link);
  const bool unasked = !beginning.asked && !is_other && !answered_since;
  if ((is_new || answered_since) && !unasked) trial.reached = beginning.reached;
  if (beginning.acts) {
    trial.well.clear();
    trial.refused = 0;
  }
  course.rejected.reset();
  return course;
}

Course changed_own(Course course, const std::string& process) {
  if (course.trial) course.trial->own_change = process;
  return course;
}

Course looked_at(Course course, const std::vector<std::string>& failed) {
  if (!course.trial) return course;
  for (const auto& object : failed) add(course.trial->failed_before, object);
  course.trial->looked = true;
  return course;
}

Course proved(Course course, const CommitId& commit, std::vector<std::string> ailing,
              std::vector<std::string> refused) {
  if (course.rejected && course.rejected->commit == commit) course.rejected.reset();
  course.ailing = std::move(ailing);
  course.refused = std::move(refused);
  if (course.good == commit && !course.trial) return course;
  course.good = commit;
  course.trial.reset();
  return course;
}

Course found_well(Course course, const std::vector<std::string>& names) {
  if (!course.trial) return course;
  for (const auto& name : names) add(course.trial->well, name);
  return course;
}

Course pruning(Course course) {
  if (course.trial) course.trial->well.clear();
  return course;
}

Course found_refused(Course course, std::size_t refused) {
  if (course.trial) course.trial->refused = refused;
  return course;
}

Course found_unwell(Course course, const std::string& reason) {
  if (!course.trial) return course;
  if (course.good.empty()) {
    course.trial->unwell = reason;
  } else {
    course.trial->reverting = reason;
    course.trial->starts = 1;
  }
  return course;
}

Course turning_back(Course course, const std::string& process) {
  course.trial->told = true;
  course.trial->process = process;
  return course;
}

Course undone(Course course, const std::string& object, const std::string& why_not) {
  course.trial->undone.push_back(object);
  if (!why_not.empty()) course.trial->not_undone.push_back(object + ": " + why_not);
  return course;
}

Course reverted(Course course, Stuck stuck, Time now) {
  auto trial = *std::exchange(course.trial, {});
  course.stuck = std::move(stuck.objects);
  course.rejected = Rejected{.commit = trial.commit,
                             .reason = std::move(trial.reverting),
                             .refused = trial.refused,
                             .when = now,
                             .not_undone = std::move(trial.not_undone),
                             .stuck = std::move(stuck.why)};
  return course;
}

Course freed(Course course, Stuck stuck) {
  course.stuck = std::move(stuck.objects);
  if (course.rejected) course.rejected->stuck = std::move(stuck.why);
  return course;
}

Course ended(Course course) {
  if (course.trial) course.trial->process.clear();
  return course;
}

}  // namespace greenwave::sync
