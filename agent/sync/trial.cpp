#include "sync/trial.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "sync/health.h"

namespace greenwave::sync {

namespace {

constexpr const char* good_ref = "good";
constexpr Duration link_interval = std::chrono::seconds(5);

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

/// False when the step, or the restart it consists of, is deferred.
bool does_something(const plan::Step& step) {
  const bool restart = step.verb == plan::Verb::restart || step.verb == plan::Verb::reload;
  return step.wait == plan::Wait::nothing || (step.wait == plan::Wait::restart && !restart);
}

void keep(Pass& pass, const CommitId& commit) {
  const auto after = proved(pass.kept.course, commit);
  if (after == pass.kept.course) return;
  pass.parts.intake.keep(good_ref, commit);
  pass.take(after);
}

drivers::Health repository_health(Intake& intake) {
  try {
    intake.poll();
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

/// Health checks still pending for the commit on trial.
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
                        .ask = [&parts] { return repository_health(parts.intake); }});
  }
  const auto& inventory = pass.inventory();
  for (const auto& object : prepared.desired) {
    const auto& watch = object.footprint.watch;
    const auto name = to_string(object.manifest.id);
    if (!watch || contains(trial.well, name) || (!watch->always && !contains(trial.touched, name))) continue;
    const auto entry = std::ranges::find(inventory, object.manifest.id, &Entry::id);
    if (entry == inventory.end()) continue;
    Subject subject{.name = name, .interval = watch->interval, .within = within(watch->within)};
    if (entry->error.empty()) {
      const auto* look = serving(pass.observed->looks, entry->id);
      subject.session = look != nullptr ? look->session.get() : nullptr;
      subject.entry = &*entry;
    } else {
      subject.ask = [why = entry->error] { return drivers::Health{drivers::Health::State::bad, why}; };
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

Verdict watch(Pass& pass, const CommitId& commit, const Prepared& prepared) {
  const auto& parts = pass.parts;
  const auto interval = parts.config.repository.interval;
  auto next_poll = parts.clock.tick() + interval;
  const auto wait = [&](Duration time) {
    if (parts.heartbeat) parts.heartbeat();
    if (parts.stop) return true;
    if (parts.clock.tick() >= next_poll) {
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
    pass.take(found_well(pass.kept.course, names));
  };
  return probe(subjects(pass, prepared),
               {.clock = parts.clock, .wait = wait, .well = well, .waiting = waiting});
}

}  // namespace

void begin_trial(Pass& pass, const CommitId& commit, const plan::Plan& plan) {
  auto& intake = pass.parts.intake;
  const auto& course = pass.kept.course;
  if (commit == course.good || (plan.steps.empty() && !course.trial)) return;
  Beginning beginning{.commit = commit,
                      .process = pass.parts.process,
                      .changes = !plan.steps.empty(),
                      .acts = std::ranges::any_of(plan.steps, does_something),
                      .watched = {},
                      .reached = pass.reached};
  for (const auto& step : plan.steps) {
    if (step.desired != nullptr && step.desired->footprint.watch) {
      beginning.watched.push_back(to_string(step.id));
    }
  }
  // A store that was made again may not have it any more.
  if (!course.good.empty() && intake.has(course.good)) intake.keep(good_ref, course.good);
  pass.take(begun(course, beginning));
}

void judge_health(Pass& pass, const CommitId& commit, const Prepared& prepared) {
  const auto& course = pass.kept.course;
  auto& standing = pass.kept.standing;
  if (course.is_reverting()) return;
  if (!course.trial || commit == course.good) return keep(pass, commit);
  // A server that does not answer says nothing of the commit: the trial goes on when it does.
  if (pass.is_unreachable()) return;
  const auto verdict = watch(pass, course.trial->commit, prepared);
  if (verdict.kind == Verdict::Kind::unwell) {
    standing.failed.insert(standing.failed.end(), verdict.unwell.begin(), verdict.unwell.end());
    pass.take(found_unwell(course, verdict.reason()));
  } else if (verdict.kind == Verdict::Kind::well && standing.failed.empty() && standing.waiting.empty()) {
    keep(pass, commit);
  }
}

}  // namespace greenwave::sync
