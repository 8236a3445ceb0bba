#include "sync/waiting.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sync/own_change.h"
#include "sync/records.h"
#include "sync/trial.h"

namespace greenwave::sync {

Applied carry_out(Pass& pass, Prepared& prepared, const CommitId& commit) {
  const auto& parts = pass.parts;
  auto& standing = pass.kept.standing;
  standing.waiting_why.clear();
  standing.waiting_until.reset();
  ApplyContext context{
      .compared = prepared.compared.parts,
      .places = *prepared.compared.places,
      .state = parts.state,
      .commit = commit,
      .drifted = pass.observed->drifted,
      .progress = [&](const state::Action& action) { pass.observer(event_of(action, commit)); },
      .stop = [&parts] { return parts.stop.load(); },
      .later = pass.kept.retries.later(prepared.plan, parts.clock.tick())};
  if (pass.kept.course.goes_back_to(commit)) return apply_with_guard(pass, prepared, context);

  const Gate gate(prepared.cluster.windows, parts.config.busy(), pass.request.now, prepared.problems);
  const auto closed = [&] {
    auto decision = gate.ask(parts.clock.now());
    if (decision.closed) {
      standing.waiting_why = std::move(decision.why);
      standing.waiting_until = decision.until;
    }
    return decision.closed;
  };
  if (gate.can_close()) {
    if (const auto now = closed()) plan::hold(prepared.plan.steps, 0, *now);
    context.closed = closed;
  }
  begin_trial(pass, commit, prepared);
  auto applied = apply_with_guard(pass, prepared, context);
  if (applied.waiting.empty()) {
    standing.waiting_why.clear();
    standing.waiting_until.reset();
  }
  return applied;
}

Permission hold_for_now(Prepared& prepared, const Parts& parts) {
  const Gate gate(prepared.cluster.windows, parts.config.busy(), false, prepared.problems);
  auto permission = gate.can_close() ? gate.ask(parts.clock.now()) : Permission{};
  if (permission.closed) plan::hold(prepared.plan.steps, 0, *permission.closed);
  return permission;
}

void forget_moot_restarts(Pass& pass) {
  const auto owed = pass.parts.state.owed();
  if (owed.empty()) return;
  std::vector<plan::Owed> moot;
  for (const auto& entry : pass.inventory()) {
    const auto is_its = [&](const plan::Owed& one) { return one.unit == entry.id; };
    if (std::ranges::none_of(owed, is_its)) continue;
    const auto* served = serving(pass.parts.drivers, entry.id);
    auto* const restarts = served != nullptr ? served->driver->abilities().restarts : nullptr;
    if (restarts == nullptr || restarts->still_owes(entry)) continue;
    std::ranges::copy_if(owed, std::back_inserter(moot), is_its);
  }
  pass.parts.state.settle({}, {}, moot);
}

}  // namespace greenwave::sync
