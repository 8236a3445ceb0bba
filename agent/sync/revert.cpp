#include "sync/revert.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "sync/journal.h"
#include "sync/records.h"

namespace greenwave::sync {

namespace {

/// The record of what was tried, before the one of taking it back.
void record_trial(Pass& pass) {
  const auto& trial = *pass.kept.course.trial;
  if (trial.told) return;
  auto& record = pass.record;
  name_commit(record, pass.parts.intake.about(trial.commit), pass.kept.remembered, pass.kept.arrivals);
  record.result = trial.refused > 0 ? state::SyncResult::refused : state::SyncResult::not_healthy;
  record.took = time_taken(pass);
  record.error = trial.reverting;
  pass.parts.state.record(record, pass.parts.clock.now());
}

/// What commands did is not undone by applying what was before: those that the last good commit does not
/// have, or has otherwise, are asked to undo it themselves.
void undo_commands(Pass& pass) {
  const auto& parts = pass.parts;
  const auto& course = pass.kept.course;
  std::map<ObjectId, Digest> wanted;
  // Its problems were reported when that commit was applied.
  const auto good = parts.renderer.render(parts.intake.files(course.good));
  for (const auto& manifest : good.rendered.manifests) wanted.emplace(manifest.id, manifest.digest);
  const auto entries = pass.inventory();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const auto before = wanted.find(entry->id);
    const auto name = to_string(entry->id);
    if (before != wanted.end() && before->second == entry->digest) continue;
    if (std::ranges::find(course.trial->undone, name) != course.trial->undone.end()) continue;
    const auto* served = serving(parts.drivers, entry->id);
    auto* const undo = served != nullptr ? served->driver->abilities().undo : nullptr;
    if (undo == nullptr) continue;
    const auto why_not = undo->undo(*entry);
    if (!why_not) continue;
    const bool ok = why_not->empty();
    const state::Action action{
        .verb = "undo", .object = name, .ok = ok, .error = *why_not, .reason = {}, .was = {}};
    pass.observer(event_of(action, course.trial->commit));
    pass.record.actions.push_back(action);
    pass.take(undone(course, name, *why_not));
  }
}

/// What has not been reverted. Throws Error (transient) if the revert could not even begin: it is tried
/// again.
Stuck go_back(Pass& pass) {
  const auto& parts = pass.parts;
  const auto& good = pass.kept.course.good;
  try {
    if (!parts.intake.has(good)) parts.intake.bring(good);
    undo_commands(pass);
    const auto moot = parts.state.owed();
    apply_commit(pass, good);
    parts.state.settle({}, {}, moot);
    return pass.stuck;
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged || passes(error.fault()) || parts.stop) throw;
    return {.why = error.what()};
  }
}

}  // namespace

void revert(Pass& pass) {
  const auto& parts = pass.parts;
  const auto trial = *pass.kept.course.trial;
  pass.observer({.kind = "problem",
                 .text = fmt::format("{} is {}: {}", trial.commit.shortened(),
                                     trial.refused > 0 ? "refused" : "taken back", trial.reverting),
                 .ok = false});
  record_trial(pass);
  pass.take(turning_back(pass.kept.course, parts.process));
  pass.began = parts.clock.tick();
  const auto trigger = pass.record.trigger;
  pass.request = {};  // whoever asked for the sync did not ask for this
  pass.record = {};
  pass.record.started = parts.clock.now();
  pass.record.trigger = trial.refused > 0 ? trigger : state::Trigger::revert;

  Stuck stuck;
  try {
    stuck = go_back(pass);
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged || parts.stop) throw;
    const auto* const what = trial.refused > 0 ? "was refused, and the way to the last good commit"
                                               : "is being taken back, and that";
    pass.record.error =
        fmt::format("{} {} goes on once it can: {}", trial.commit.shortened(), what, error.what());
    return;
  }
  pass.take(reverted(pass.kept.course, std::move(stuck), parts.clock.now()));
  const auto& rejected = *pass.kept.course.rejected;
  pass.record.error = rejected.stuck.empty() ? "" : stuck_text(rejected);
}

void forget_undone(Pass& pass) {
  const auto& undone = pass.kept.course.trial->undone;
  std::vector<ObjectId> forgotten;
  for (const auto& entry : pass.inventory()) {
    if (std::ranges::find(undone, to_string(entry.id)) != undone.end()) forgotten.push_back(entry.id);
  }
  if (forgotten.empty()) return;
  pass.parts.state.settle({}, forgotten, {});
  pass.entries.reset();
}

void free_stuck(Pass& pass) {
  const auto& course = pass.kept.course;
  const bool is_stuck = !course.stuck.empty() || (course.rejected && !course.rejected->stuck.empty());
  if (!is_stuck || course.is_reverting() || pass.is_unreachable()) return;
  Stuck still;
  for (const auto& failed : pass.kept.standing.failed) {
    // If the revert failed as a whole, or an older agent did it, no object is known.
    const bool counts =
        course.stuck.empty() || std::ranges::find(course.stuck, failed.object) != course.stuck.end();
    if (!counts) continue;
    still.objects.push_back(failed.object);
    still.why += fmt::format("{}{}: {}", still.why.empty() ? "" : "; ", failed.object, failed.reason);
  }
  if (still.objects.empty() && course.rejected) pass.record.trigger = state::Trigger::revert;
  if (still.objects != course.stuck || !course.rejected || still.why != course.rejected->stuck) {
    pass.take(freed(course, std::move(still)));
  }
}

std::string stuck_text(const Rejected& rejected) {
  const bool refused = rejected.refused > 0;
  return fmt::format("{} was {} ({}), and {} completely: {}; that goes on as soon as possible",
                     rejected.commit.shortened(), refused ? "refused" : "not healthy", rejected.reason,
                     refused ? "the device could not go back" : "could not be reverted", rejected.stuck);
}

}  // namespace greenwave::sync
