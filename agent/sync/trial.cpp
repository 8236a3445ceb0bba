// What becomes of a commit that is new to the device: a trial, which its health ends.
#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "sync/sync.h"

namespace greenwave::sync {

namespace {

constexpr const char* good_ref = "good";
constexpr const char* link = "repository";  ///< the name of the subject that asks whether it is reached
constexpr Duration link_interval = std::chrono::seconds(5);
/// The third start in the same unfinished step is one too many.
constexpr unsigned most_starts = 3;

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

void add(std::vector<std::string>& list, const std::string& text) {
  if (!contains(list, text)) list.push_back(text);
}

/// Not what waits altogether, nor a restart that waits.
bool does_something(const plan::Step& step) {
  const bool restart = step.verb == plan::Verb::restart || step.verb == plan::Verb::reload;
  return step.wait == plan::Wait::nothing || (step.wait == plan::Wait::restart && !restart);
}

}  // namespace

/// At the begin of a pass: what an earlier one, or an earlier run of the agent, left unfinished.
void Sync::take_up(const std::string& tip) {
  auto changed = course_;
  if (changed.rejected && !tip.empty() && tip != changed.rejected->commit) changed.rejected.reset();
  if (changed.trial && !changed.trial->process.empty() && changed.trial->process != parts_.process) {
    auto& trial = *changed.trial;
    ++trial.starts;
    trial.process = parts_.process;
    const bool loops = trial.starts >= most_starts;
    if (loops && trial.reverting.empty() && !changed.good.empty()) {
      trial.reverting = "the agent was started for the third time in the middle of applying it";
      trial.starts = 1;
    } else if (loops && !trial.reverting.empty()) {
      course_ = std::move(changed);
      return finish_revert("the agent was started for the third time in the middle of it");
    }
  }
  course_ = std::move(changed);
  write_course(parts_.state, course_);
}

/// Before the first change to the device.
void Sync::begin_trial(const std::string& commit, const plan::Plan& plan) {
  if (commit == course_.good || (plan.steps.empty() && !course_.trial)) return;
  if (!course_.trial) course_.trial = Trial{.commit = commit};
  auto& trial = *course_.trial;
  const bool acts = std::ranges::any_of(plan.steps, does_something);
  const bool is_new = trial.commit != commit || (trial.process.empty() && acts);
  if (is_new) {
    if (trial.commit != commit) trial.unwell.clear();
    trial.commit = commit;
    trial.starts = 1;
    trial.process = parts_.process;
  }
  // A commit that follows one which nobody judged yet answers for what that one changed as well.
  for (const auto& step : plan.steps) {
    if (step.desired != nullptr && step.desired->footprint.watch) add(trial.touched, to_string(step.id));
  }
  // What the repository's silence means depends on whether it spoke before this change, not before one after
  // which it spoke already.
  if (is_new || contains(trial.well, link)) trial.reached = reached_;
  if (acts) trial.well.clear();
  course_.rejected.reset();
  // A store that was made anew may not have it any more.
  if (!course_.good.empty() && store_->has(course_.good)) store_->keep(good_ref, course_.good);
  write_course(parts_.state, course_);
}

/// After the device was changed. Leaves the trial open where something is still to be done.
void Sync::judge(const std::string& commit, const Prepared& prepared, const Observer& observer,
                 Result& result) {
  if (is_reverting()) return;
  const auto keep = [&] {
    if (course_.good == commit && !course_.trial && !course_.rejected) return;
    store_->keep(good_ref, commit);
    course_.good = commit;
    course_.trial.reset();
    write_course(parts_.state, course_);
  };
  if (!course_.trial || commit == course_.good) {
    if (course_.rejected && course_.rejected->commit == commit) course_.rejected.reset();
    return keep();
  }
  // A server that does not answer says nothing of the commit: the trial goes on when it does.
  if (is_away()) return;
  const auto verdict = watch(prepared, observer, result);
  auto& trial = *course_.trial;
  if (verdict.kind == Verdict::Kind::unwell) {
    standing_.failed.insert(standing_.failed.end(), verdict.unwell.begin(), verdict.unwell.end());
    if (course_.good.empty()) {
      trial.unwell = verdict.reason();
    } else {
      trial.reverting = verdict.reason();
      trial.starts = 1;
    }
    write_course(parts_.state, course_);
  } else if (verdict.kind == Verdict::Kind::well && standing_.failed.empty() && standing_.waiting.empty()) {
    keep();
  }
}

Verdict Sync::watch(const Prepared& prepared, const Observer& observer, Result& result) {
  auto& trial = *course_.trial;
  auto next_poll = parts_.clock.tick() + parts_.config.repository.interval;
  const Watching watching{.clock = parts_.clock,
                          .wait =
                              [&](Duration time) {
                                if (parts_.heartbeat) parts_.heartbeat();
                                if (parts_.stop) return true;
                                if (parts_.clock.tick() >= next_poll) {
                                  next_poll = parts_.clock.tick() + parts_.config.repository.interval;
                                  result.again = is_superseded(trial.commit);
                                  if (result.again) return true;
                                }
                                parts_.rest(time);
                                return parts_.stop.load();
                              },
                          .well =
                              [&](const std::vector<std::string>& names) {
                                for (const auto& name : names) add(trial.well, name);
                                write_course(parts_.state, course_);
                              },
                          .waiting =
                              [&, told = std::string()](const std::string& text) mutable {
                                if (told != text) observer({.kind = "phase", .text = "probing: " + text});
                                told = text;
                              }};
  return probe(subjects(prepared, trial), watching);
}

/// What decides about the trial's commit and was not well yet.
std::vector<Subject> Sync::subjects(const Prepared& prepared, const Trial& trial) {
  std::vector<Subject> subjects;
  // With nothing to go back to a look a pass is enough: it may become well later.
  const auto within = [&](Duration usual) { return trial.unwell.empty() ? usual : Duration::zero(); };
  if (trial.reached && !contains(trial.well, link)) {
    subjects.push_back({.name = link,
                        .interval = link_interval,
                        .within = within(parts_.config.health.reach),
                        .ask = [this] { return reach(); }});
  }
  for (const auto& object : prepared.desired) {
    const auto& watch = object.footprint.watch;
    const auto name = to_string(object.manifest.id);
    if (!watch || contains(trial.well, name) || (!watch->always && !contains(trial.touched, name))) continue;
    const auto entry = std::ranges::find(inventory(), object.manifest.id, &Entry::id);
    if (entry == inventory().end()) continue;
    Subject subject{.name = name, .interval = watch->interval, .within = within(watch->within)};
    if (entry->error.empty()) {
      const auto* look = serving(observed_->looks, entry->id);
      subject.session = look != nullptr ? look->session.get() : nullptr;
      subject.entry = &*entry;
    } else {
      subject.ask = [why = entry->error] { return drivers::Health{drivers::Health::State::bad, why}; };
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

drivers::Health Sync::reach() {
  try {
    parts_.transport.poll();
    return {};
  } catch (const Error& error) {
    return {drivers::Health::State::waiting,
            fmt::format("it was reached before this commit, and is not since: {}", error.message())};
  }
}

/// Whether a newer commit has come: it may well be the one that mends this.
bool Sync::is_superseded(const std::string& commit) {
  try {
    const auto& followed = standing_.followed;
    return parts_.transport.poll() != (followed.is_held ? followed.target.text() : commit);
  } catch (const Error&) {
    return false;
  }
}

/// Whether a server of the device's does not answer.
bool Sync::is_away() const {
  return observed_ && is_unreachable(*observed_);
}

/// A pass that came to its end has not crashed, whatever failed in it.
void Sync::end_of_pass() {
  if (!course_.trial) return;
  course_.trial->process.clear();
  write_course(parts_.state, course_);
}

}  // namespace greenwave::sync
