#include "sync/trial.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "sync/awaited.h"
#include "sync/entries.h"
#include "sync/health.h"
#include "sync/own_change.h"
#include "sync/refusals.h"
#include "sync/relations.h"

namespace greenwave::sync {

namespace {

constexpr const char* good_ref = "good";
constexpr Duration link_interval = std::chrono::seconds(5);
constexpr Duration blip = std::chrono::seconds(10);

/// False when the step, or the restart it consists of, is deferred.
bool does_something(const plan::Step& step) {
  const bool restart = step.verb == plan::Verb::restart || step.verb == plan::Verb::reload;
  return step.wait == plan::Wait::nothing || (step.wait == plan::Wait::restart && !restart);
}

drivers::Health repository_health(Pass& pass) {
  try {
    pass.parts.intake.poll();
    pass.reached = true;
    return {};
  } catch (const Error& error) {
    return {drivers::Health::State::waiting,
            fmt::format("it was reached before this commit, and is not since: {}", error.message())};
  }
}

/// Whether a newer commit has come: it may well be the one that fixes this.
bool is_superseded(const Pass& pass, const CommitId& commit) {
  try {
    const auto& followed = pass.kept.standing.followed;
    return pass.parts.intake.poll() != (followed.is_held ? followed.target : commit);
  } catch (const Error&) {
    return false;
  }
}

/// An object, asked through its session.
Subject subject_of(Pass& pass, const plan::Desired& object, const Entry& entry, Duration within) {
  const auto* look = serving(pass.observed->looks, entry.id);
  const auto& watch = *object.footprint.watch;
  return {.name = to_string(entry.id),
          .interval = watch.interval,
          .within = within,
          .declared = watch.declared,
          .session = look != nullptr ? look->session.get() : nullptr,
          .entry = &entry};
}

/// Health checks still pending for the commit on trial. Those of objects that failed before would say nothing
/// of it, and a step that failed was judged already.
std::vector<Subject> subjects(Pass& pass, const Prepared& prepared) {
  const auto& parts = pass.parts;
  const auto& trial = *pass.kept.course.trial;
  std::vector<Subject> subjects;
  // With nothing to go back to a look a pass is enough: it may become well later.
  const auto within = [&](Duration usual) { return trial.unwell.empty() ? usual : Duration::zero(); };
  if (trial.reached && !contains(trial.well, repository_link)) {
    subjects.push_back({.name = repository_link,
                        .interval = link_interval,
                        .within = within(parts.config.health.reach),
                        .ask = [&pass] { return repository_health(pass); }});
  }
  const auto& inventory = pass.inventory();
  for (const auto& object : prepared.desired) {
    const auto& watch = object.footprint.watch;
    if (!watch) continue;
    const auto name = to_string(object.manifest.id);
    const bool counts = watch->always || contains(trial.touched, name);
    if (!counts || contains(trial.well, name) || contains(trial.failed_before, name)) continue;
    const auto* entry = entry_of(inventory, object.manifest.id);
    if (entry == nullptr || !entry->error.empty()) continue;
    subjects.push_back(subject_of(pass, object, *entry, within(watch->within)));
  }
  return subjects;
}

/// Probes, and tells what is waited for; a newer commit ends it where `yields`.
Verdict watch(Pass& pass, std::vector<Subject> subjects, const CommitId& commit, bool yields) {
  const auto& parts = pass.parts;
  const auto interval = parts.config.repository.interval;
  auto next_poll = parts.clock.tick() + interval;
  const auto wait = [&](Duration time) {
    if (parts.heartbeat) parts.heartbeat();
    if (parts.stop) return true;
    if (yields && parts.clock.tick() >= next_poll) {
      next_poll = parts.clock.tick() + interval;
      pass.again = is_superseded(pass, commit);
      if (pass.again) return true;
    }
    parts.rest(time);
    return parts.stop.load();
  };
  std::string told;
  const auto waiting = [&](const std::string& text) {
    if (told != text) pass.observer({.kind = "phase", .text = "probing: " + text});
    told = text;
  };
  const auto well = [&](const std::vector<std::string>& names) {
    if (yields) pass.take(found_well(pass.kept.course, names));
  };
  return probe(std::move(subjects), {.clock = parts.clock, .wait = wait, .well = well, .waiting = waiting});
}

/// What a check is given to pass before the commit's first change: the rest of its time since the device was
/// switched on, and then only as long as a blip lasts.
Duration time_before(const Pass& pass, Duration within) {
  return std::clamp(within - pass.parts.clock.boot_time().since, std::min(within, blip), within);
}

/// Which of the objects that the commit will answer for are not well before its first change: what failed for
/// good, checks that do not pass, and what it changes and is found failed, or failing again and again.
std::vector<std::string> look_before(Pass& pass, const Prepared& prepared, const CommitId& commit,
                                     const std::vector<std::string>& touched) {
  const auto& course = pass.kept.course;
  const auto* trial = course.trial && course.trial->looked ? &*course.trial : nullptr;
  std::vector<std::string> failed;
  std::vector<Subject> checks;
  const auto& inventory = pass.inventory();
  for (const auto& entry : inventory) {
    if (trial == nullptr && !entry.error.empty() && !entry.passes) failed.push_back(to_string(entry.id));
  }
  std::map<drivers::Session*, std::vector<const Entry*>> changed;
  for (const auto& object : prepared.desired) {
    const auto& watch = object.footprint.watch;
    if (!watch) continue;
    const auto* entry = entry_of(inventory, object.manifest.id);
    if (entry == nullptr || entry->digest.is_zero() || !entry->error.empty()) continue;
    const auto name = to_string(entry->id);
    // What an undecided commit touched is as that one left it.
    if (trial != nullptr && (watch->always || contains(trial->touched, name))) continue;
    if (watch->always) {
      checks.push_back(subject_of(pass, object, *entry, time_before(pass, watch->within)));
      checks.back().declared = true;
    } else if (contains(touched, name)) {
      const auto* look = serving(pass.observed->looks, entry->id);
      if (look != nullptr) changed[look->session.get()].push_back(entry);
    }
  }
  for (const auto& [session, entries] : changed) {
    const auto health = session->health(entries, Duration::zero());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const bool is_bad = health[i].state == drivers::Health::State::bad || health[i].loops;
      if (is_bad && !passes(health[i].fault)) failed.push_back(to_string(entries[i]->id));
    }
  }
  while (!checks.empty()) {
    const auto verdict = watch(pass, checks, commit, false);
    if (verdict.kind != Verdict::Kind::unwell) break;
    for (const auto& one : verdict.unwell) {
      failed.push_back(one.object);
      std::erase_if(checks, [&](const Subject& check) { return check.name == one.object; });
    }
    for (auto& check : checks) check.within = std::min(check.within, check.interval);
  }
  return failed;
}

/// Checks that failed before the commit was kept are asked on, once at every sync, until they pass.
void report_ailing(Pass& pass, const Prepared& prepared) {
  auto& standing = pass.kept.standing;
  auto course = pass.kept.course;
  const auto before = course.ailing;
  course.ailing.clear();
  for (const auto& object : prepared.desired) {
    const auto name = to_string(object.manifest.id);
    const auto* entry = entry_of(pass.inventory(), object.manifest.id);
    if (entry == nullptr || !object.footprint.watch || !contains(before, name)) continue;
    auto* const session = subject_of(pass, object, *entry, {}).session;
    if (session == nullptr) continue;
    const auto health = session->health({&entry, 1}, object.footprint.watch->interval).front();
    if (health.state == drivers::Health::State::good) continue;
    course.ailing.push_back(name);
    standing.failed.push_back({name, "it fails as it did before this commit: " + health.reason});
    pass.observer({.kind = "problem", .text = name + ": " + standing.failed.back().reason, .ok = false});
  }
  if (course.ailing != before) pass.take(std::move(course));
}

std::vector<std::string> names_of(const std::vector<FailedObject>& objects) {
  std::vector<std::string> names;
  for (const auto& one : objects) names.push_back(one.object);
  return names;
}

void keep(Pass& pass, const CommitId& commit, const Prepared& prepared) {
  auto ailing = pass.kept.course.ailing;
  if (const auto& trial = pass.kept.course.trial) {
    ailing.clear();
    for (const auto& object : prepared.desired) {
      const auto& watch = object.footprint.watch;
      const auto name = to_string(object.manifest.id);
      if (watch && watch->always && contains(trial->failed_before, name)) ailing.push_back(name);
    }
  }
  const auto after = proved(pass.kept.course, commit, std::move(ailing), names_of(refusals(prepared)));
  if (after != pass.kept.course) {
    pass.parts.intake.keep(good_ref, commit);
    pass.take(after);
  }
  if (!after.ailing.empty()) report_ailing(pass, prepared);
}

/// What steps that failed or wait mean for the commit on trial.
struct StepsJudged {
  std::vector<FailedObject> taken_back{};
  bool passes = false;  ///< a fault that passes keeps it from being whole on the device
  bool waits = false;   ///< for a window
};

StepsJudged judge_steps(Pass& pass, const Prepared& prepared) {
  const auto& standing = pass.kept.standing;
  StepsJudged judged;
  if (standing.failed.empty() && standing.waiting.empty()) return judged;
  const Relations relations(*pass.kept.course.trial, prepared.desired, pass.inventory());
  for (const auto& failed : standing.failed) {
    // Where there is nothing to go back to, the rest of a first commit is kept.
    if (pass.kept.course.good.empty() && failed.refused && !passes(failed.fault)) continue;
    const auto verdict = relations.judge(failed.object, Now::failed, failed.fault);
    if (verdict == Blame::take_back) judged.taken_back.push_back(failed);
    judged.passes = judged.passes || verdict == Blame::wait;
  }
  judged.waits = std::ranges::any_of(standing.waiting, [&](const WaitingObject& one) {
    return relations.judge(one.object, Now::waiting) == Blame::wait;
  });
  return judged;
}

/// What the way back could not bring of what the commit had changed.
Stuck not_back(Pass& pass, const Prepared& prepared) {
  Stuck stuck;
  const auto& standing = pass.kept.standing;
  if (standing.failed.empty()) return stuck;
  const Relations relations(*pass.kept.course.trial, prepared.desired, pass.inventory());
  const auto add = [&](const std::string& object, const FailedObject& failed) {
    if (relations.judge(object, Now::failed, failed.fault) == Blame::keep) return;
    stuck.objects.push_back(object);
  };
  for (const auto& failed : standing.failed) {
    const auto before = stuck.objects.size();
    add(failed.object, failed);
    if (stuck.objects.size() == before) continue;
    stuck.why += fmt::format("{}{}: {}", stuck.why.empty() ? "" : "; ", failed.object, failed.reason);
  }
  // Where a server is away, one line stands for all objects behind it.
  if (pass.is_unreachable()) {
    for (const auto& id : prepared.compared.refused) add(to_string(id), standing.failed.front());
  }
  return stuck;
}

/// Whether the commit on trial may be kept as it is now on the device. Turns back where it is to blame.
bool is_well(Pass& pass, const Prepared& prepared) {
  const auto& course = pass.kept.course;
  auto& standing = pass.kept.standing;
  const auto turn = [&](const std::string& why) {
    turn_back(pass, why);
    return false;
  };
  const auto steps = judge_steps(pass, prepared);
  if (!steps.taken_back.empty()) {
    return turn(Verdict{.kind = Verdict::Kind::unwell, .unwell = steps.taken_back}.reason());
  }
  // The agent that the commit makes decides about it.
  if (pass.renews) return false;
  if (const auto why = own_failure(pass); !why.empty()) return turn(why);
  // The commit is not whole on the device yet, so that its health says nothing; nor does a server that is
  // away.
  if (steps.passes || pass.is_unreachable()) return false;
  const auto& tried = course.trial->commit;
  const auto verdict = watch(pass, subjects(pass, prepared), tried, true);
  for (const auto* list : {&verdict.unwell, &verdict.undecided}) {
    standing.failed.insert(standing.failed.end(), list->begin(), list->end());
  }
  for (const auto& one : verdict.undecided) {
    pass.observer(
        {.kind = "problem",
         .text = fmt::format("{}: {}; {} stays on trial", one.object, one.reason, tried.shortened()),
         .ok = false});
  }
  if (verdict.kind == Verdict::Kind::unwell) return turn(verdict.reason());
  return verdict.kind == Verdict::Kind::well && !steps.waits;
}

void leave_pruning(Pass& pass, const Prepared& prepared, Execution& execution) {
  if (execution.prunes().empty() || pass.kept.course.is_reverting()) return;
  const auto& unwell = pass.kept.course.trial->unwell;
  auto why = awaited(pass, prepared);
  if (why.empty())
    why = "nothing is removed before the commit has proved well" + (unwell.empty() ? "" : ": " + unwell);
  execution.leave(why);
}

}  // namespace

bool rejects(Pass& pass, const CommitId& commit, const Prepared& prepared) {
  const auto& course = pass.kept.course;
  if (course.good.empty() || commit == course.good) return false;
  const auto all = refusals(prepared);
  if (all.empty()) return false;
  const bool was_begun = course.trial && course.trial->commit == commit && course.trial->refused == 0;
  auto next = begun(
      course, {.commit = commit, .process = pass.parts.process, .changes = true, .refused = names_of(all)});
  const auto blamed = new_refusals(prepared, next.trial->failed_before, pass.inventory());
  if (!blamed.empty() && !was_begun) next = found_refused(std::move(next), blamed.size());
  pass.take(std::move(next));
  if (blamed.empty()) return false;
  turn_back(pass, Verdict{.kind = Verdict::Kind::unwell, .unwell = blamed}.reason());
  return true;
}

void begin_trial(Pass& pass, const CommitId& commit, const Prepared& prepared) {
  auto& intake = pass.parts.intake;
  const auto& course = pass.kept.course;
  const auto& steps = prepared.plan.steps;
  if (commit == course.good || (steps.empty() && !course.trial)) return;
  const Beginning beginning{.commit = commit,
                            .process = pass.parts.process,
                            .changes = !steps.empty(),
                            .acts = std::ranges::any_of(steps, does_something),
                            .touched = touched_by(prepared.plan),
                            .asked = pass.request.poll,
                            .reached = pass.reached,
                            .refused = names_of(refusals(prepared))};
  std::vector<std::string> failed;
  const bool looks = beginning.acts && !course.good.empty();
  if (looks) failed = look_before(pass, prepared, commit, beginning.touched);
  // A store that was made again may not have it any more.
  if (!course.good.empty() && intake.has(course.good)) intake.keep(good_ref, course.good);
  auto next = begun(course, beginning);
  if (looks) next = looked_at(std::move(next), failed);
  pass.take(std::move(next));
}

void judge(Pass& pass, const CommitId& commit, const Prepared& prepared, Execution& execution) {
  const auto& course = pass.kept.course;
  if (course.goes_back_to(commit)) {
    pass.stuck = not_back(pass, prepared);
    return;
  }
  const bool is_on_trial = course.trial && commit != course.good;
  if (is_on_trial && !is_well(pass, prepared)) return leave_pruning(pass, prepared, execution);
  if (!execution.prunes().empty()) {
    const bool clears_up = !is_on_trial && !course.stuck.empty();
    if (const auto why = clears_up ? "" : awaited(pass, prepared); !why.empty()) {
      execution.leave(why);
      if (is_on_trial) return;
    } else {
      if (is_on_trial) pass.take(pruning(course));
      execution.prune();
      if (is_on_trial && !is_well(pass, prepared)) return;
    }
  }
  keep(pass, commit, prepared);
}

}  // namespace greenwave::sync
