#include "sync/pass.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "state/keys.h"
#include "sync/course_record.h"
#include "sync/execution.h"
#include "sync/own_change.h"
#include "sync/records.h"
#include "sync/remembered.h"
#include "sync/revert.h"
#include "sync/trial.h"
#include "sync/unserved.h"
#include "sync/waiting.h"

namespace greenwave::sync {

const std::vector<Entry>& Pass::inventory() {
  if (!entries) entries = std::make_shared<const std::vector<Entry>>(parts.state.inventory());
  return *entries;
}

void Pass::take(Course course) {
  kept.course = std::move(course);
  write_course(parts.state, kept.course);
}

CommitId last_applied(const Parts& parts) {
  return CommitId(parts.state.value(state::keys::applied).value_or(""));
}

CommitId Pass::applied() const {
  return last_applied(parts);
}

namespace {

constexpr const char* applied_ref = "applied";

/// Of a commit that was applied to its end.
void note_applied(Pass& pass, const CommitId& commit, const Prepared& prepared) {
  pass.parts.intake.keep(applied_ref, commit);
  pass.parts.state.note_value(state::keys::applied, commit.text());
  pass.parts.state.note_value(state::keys::cluster, prepared.cluster.name);
  pass.parts.state.note_value(state::keys::device, pass.parts.config.device);
}

/// The next pass need not render a commit that left nothing to do.
void note_clean(Pass& pass, const std::string& key, const Prepared& prepared) {
  const auto& standing = pass.kept.standing;
  const bool clean =
      standing.failed.empty() && standing.errors == 0 && !pass.kept.course.trial && standing.waiting.empty();
  pass.kept.clean = clean ? key : "";
  // With warnings the next process renders once more, so that its status shows them.
  pass.parts.state.note_value(state::keys::clean, prepared.problems.empty() ? pass.kept.clean : "");
}

/// Before the device changes: a pass that a power cut ends must not leave it clean as another commit made it.
void forget_clean(Pass& pass) {
  if (pass.kept.clean.empty()) return;
  pass.kept.clean.clear();
  pass.parts.state.note_value(state::keys::clean, "");
}

/// Puts what is known before the device changes into the record and the standing.
void report(Pass& pass, const CommitId& commit, const Prepared& prepared) {
  auto& standing = pass.kept.standing;
  standing.cluster = prepared.cluster.name;
  standing.problems = texts_of(prepared.problems);
  standing.errors = error_count(prepared.problems);
  standing.failed = prepared.compared.failed;
  for (const auto& failed : standing.failed) {
    auto& actions = pass.record.actions;
    actions.push_back(refusal_of(failed));
    pass.observer(event_of(actions.back(), commit));
  }
  pass.record.problems = standing.problems;
  pass.record.errors = standing.errors;
}

/// A commit that cannot be rendered is not rendered again.
std::unique_ptr<Prepared> prepare_or_refuse(Pass& pass, const CommitId& commit, const std::string& key) {
  pass.observer({.kind = "phase", .text = fmt::format("rendering {}", commit.shortened())});
  try {
    return prepare_commit(pass, commit);
  } catch (const Error& error) {
    if (error.fault() == Fault::invalid) {
      pass.kept.refused = key;
      pass.kept.refusal = std::current_exception();
    }
    throw;
  }
}

/// Goes back. Where that waits for what passes, and there is another commit than the one that is taken back,
/// that one may come: then the pass is about it, and true is returned.
bool overtakes(Pass& pass, const CommitId& tip) {
  const auto request = pass.request;
  auto record = pass.record;
  revert(pass);
  const auto& course = pass.kept.course;
  if (!course.is_reverting() || pass.parts.stop) return false;
  if (tip.empty() || tip == course.trial->commit || tip == course.good) return false;
  pass.observer({.kind = "problem", .text = pass.record.error, .ok = false});
  forget_undone(pass);
  pass.request = request;
  pass.record = std::move(record);
  return true;
}

void decide_wave(Pass& pass, const Prepared& prepared) {
  auto after = pass.kept.remembered;
  after.following = decided(std::move(after.following), prepared.cluster, prepared.device);
  remember(pass.parts.state, pass.kept.remembered, after);
  pass.kept.remembered = std::move(after);
}

/// Whether what came of `asked` is what came of `question`: what was whole then still is.
bool answers(const Question& asked, const Question& question) {
  return asked.bundle == question.bundle && asked.remembered == question.remembered &&
         asked.own.applied == question.own.applied;
}

/// What was delivered, unless the device is elsewhere by now: then it is asked again, which is quick, since
/// what was fetched is there.
Arrival arrival_of(Pass& pass) {
  Question question{.bundle = pass.request.bundle,
                    .remembered = pass.kept.remembered,
                    .own = own_of(pass.parts, pass.kept)};
  question.own.may_go_back = pass.request.force;
  auto delivery = std::move(pass.delivery);
  pass.delivery.reset();
  if (delivery && answers(delivery->question, question)) {
    if (const auto* error = std::get_if<Error>(&delivery->answer)) throw *error;
    return std::get<Arrival>(std::move(delivery->answer));
  }
  return pass.parts.intake.receive(
      question, [&](std::string text) { pass.observer({.kind = "phase", .text = std::move(text)}); });
}

/// Of the commit that was received, where it is new here.
void note_arrival(Pass& pass) {
  auto& arrivals = pass.kept.arrivals;
  const auto& commit = pass.kept.received;
  // What the device had before its agent wrote this down came in a way that nobody knows.
  if (arrivals.contains(commit) || commit == pass.applied()) return;
  const auto& bundle = pass.request.bundle;
  auto after = arrivals;
  after[commit] = {.by = bundle ? "stick" : "link",
                   .from = bundle ? bundle->name : pass.parts.config.repository.url,
                   .who = bundle ? pass.request.who : "",
                   .at = pass.parts.clock.now()};
  remember(pass.parts.state, arrivals, after);
  arrivals = std::move(after);
}

/// Before the device changes: evidence of a sync that does not end.
void note_begin(Pass& pass, const CommitId& commit, const Prepared& prepared) {
  if (prepared.plan.steps.empty()) return;
  auto planned = pass.record;
  name_commit(planned, pass.parts.intake.about(commit), pass.kept.remembered, pass.kept.arrivals);
  planned.actions.clear();
  for (const auto& step : prepared.plan.steps) {
    planned.actions.push_back({.verb = std::string(word_of(step)),
                               .object = to_string(step.id),
                               .error = {},
                               .reason = {},
                               .was = {}});
  }
  pass.parts.state.begin(planned);
}

}  // namespace

Duration time_taken(const Pass& pass) {
  return std::chrono::duration_cast<Duration>(pass.parts.clock.tick() - pass.began);
}

Own own_of(const Parts& parts, const Kept& kept) {
  const auto last = last_applied(parts);
  return {.applied = last, .is_whole = parts.renderer.key_of(last) == kept.clean};
}

CommitId receive(Pass& pass) {
  const auto& parts = pass.parts;
  const auto& request = pass.request;
  if (!request.poll) return pass.kept.received;
  auto& remembered = pass.kept.remembered;
  if (request.bundle && !request.by_root && !parts.config.checks_commits()) {
    pass.why_not =
        Error(Fault::untrusted,
              "commits are not checked here, so that a bundle is only taken from root: who makes one "
              "chooses what root writes and runs",
              "use sudo, or set trust.allowedSigners in agent.yaml");
    pass.record.error = pass.why_not->what();
    return {};
  }
  auto arrival = arrival_of(pass);
  if (!arrival.same_as.empty()) pass.take(renamed(pass.kept.course, arrival.same_as, arrival.commit));
  remember(parts.state, remembered, arrival.remembered);
  remembered = std::move(arrival.remembered);
  auto& followed = pass.kept.standing.followed;
  if (!arrival.target.empty()) {
    followed = {remembered.following.wave, arrival.ref, arrival.target, arrival.is_held};
  }
  followed.tip = std::move(arrival.tip);
  pass.answered = arrival.answered;
  pass.reached = arrival.answered && !request.bundle;
  pass.fresh = std::move(arrival.fresh);
  pass.why_not = std::move(arrival.why_not);
  if (pass.why_not) {
    pass.record.error = pass.why_not->what();
  } else {
    pass.kept.received = arrival.commit;
    note_arrival(pass);
  }
  return arrival.commit;
}

std::unique_ptr<Prepared> prepare_commit(Pass& pass, const CommitId& commit) {
  const auto& parts = pass.parts;
  auto fresh = std::exchange(pass.fresh, {});
  std::optional<render::Rendered> made;
  if (fresh && fresh->commit == commit) made = std::move(fresh->rendered);
  auto [files, rendered] = parts.renderer.render(parts.intake.files(commit), std::move(made));
  check_waves(rendered.cluster, rendered.device, pass.kept.remembered.following.branch, rendered.problems);
  check_runtime(rendered.cluster, rendered.device, parts.config.runtime, rendered.problems);
  const bool reverts = pass.kept.course.goes_back_to(commit);
  auto owed = parts.state.owed();
  pass.inventory();
  return prepare(std::move(files), std::move(rendered),
                 {.inventory = pass.entries,
                  .owed = reverts ? std::vector<plan::Owed>{} : owed,
                  .moot = reverts ? owed : std::vector<plan::Owed>{},
                  .observed = *pass.observed,
                  .drivers = parts.drivers,
                  .distrust = pass.request.force,
                  .allow_empty = pass.request.allow_empty,
                  .refuse = own_rules(pass)});
}

void apply_commit(Pass& pass, const CommitId& commit) {
  const auto& parts = pass.parts;
  auto& kept = pass.kept;
  const bool force = pass.request.force;
  const auto key = parts.renderer.key_of(commit);
  if (key == kept.refused && !force) std::rethrow_exception(kept.refusal);

  pass.observed.reset();
  pass.observed = observe(pass.inventory(), parts.drivers, {.distrust = force});
  if (!pass.observed->refreshed.empty()) {
    parts.state.settle(pass.observed->refreshed, {}, {});
    pass.entries.reset();
  }
  kept.standing.repaired = 0;
  if (force) kept.retries.forget();
  forget_moot_restarts(pass);
  const bool unfinished =
      std::ranges::any_of(pass.inventory(), &Entry::intended) || !parts.state.owed().empty();
  if (key == kept.clean && pass.observed->drifted.empty() && !unfinished && !force) {
    kept.standing.failed.clear();
    kept.standing.waiting.clear();
    return;
  }

  const auto prepared = prepare_or_refuse(pass, commit, key);
  forget_clean(pass);
  decide_wave(pass, *prepared);
  for (const auto& problem : prepared->problems.list()) {
    pass.observer(
        {.kind = "problem", .text = to_string(problem), .ok = problem.severity == Severity::warning});
  }
  const Gate gate(prepared->cluster.windows, parts.config.busy(), pass.request.now, prepared->problems);
  report(pass, commit, *prepared);
  if (rejects(pass, commit, *prepared)) return;
  note_begin(pass, commit, *prepared);
  Execution execution(pass, *prepared, commit, gate);
  execution.bring();
  note_applied(pass, commit, *prepared);
  judge(pass, commit, *prepared, execution);
  free_stuck(pass);
  note_clean(pass, key, *prepared);
}

void run(Pass& pass) {
  const auto& parts = pass.parts;
  auto& trouble = pass.record.error;
  auto tip = receive(pass);

  pass.take(resumed(pass.kept.course, tip, parts.process, parts.clock.now()));
  learn_from_guard(pass);
  const auto& course = pass.kept.course;
  if (course.is_reverting() && !overtakes(pass, tip)) return;
  if (course.rejected && !pass.request.force && (tip.empty() || tip == course.rejected->commit)) {
    tip = course.good;
  }

  // After a way back that did not come to its end, the last one that was applied may be the rejected one.
  const auto kept = course.good.empty() ? pass.applied() : course.good;
  const auto last = course.is_reverting() ? tip : course.trial ? course.trial->commit : kept;
  for (const auto& commit : {tip, last}) {
    if (commit.empty()) continue;
    try {
      if (!parts.intake.has(commit)) {
        if (commit != course.good || course.stuck.empty()) continue;
        parts.intake.bring(commit);
      }
      apply_commit(pass, commit);
      pass.came_through = true;
      if (course.is_reverting()) revert(pass);
      return;
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      if (trouble.empty()) {
        trouble = error.what();
        pass.unlisted = dynamic_cast<const render::NotListed*>(&error) != nullptr;
      }
      if (parts.stop) return;
      if (!passes(error.fault()) && answers_for_agent(pass, commit)) {
        turn_back(pass, error.what());
        if (course.is_reverting()) revert(pass);
        return;
      }
      if (last == tip) return;
    }
  }
}

}  // namespace greenwave::sync
