#include "sync/execution.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "sync/own_change.h"
#include "sync/records.h"
#include "sync/trial.h"

namespace greenwave::sync {

namespace {

std::optional<plan::Closed> closed_now(Pass& pass, const Gate& gate) {
  auto decision = gate.ask(pass.parts.clock.now());
  if (decision.closed) {
    pass.kept.standing.waiting_why = std::move(decision.why);
    pass.kept.standing.waiting_until = decision.until;
  }
  return decision.closed;
}

}  // namespace

Execution::Execution(Pass& pass, Prepared& prepared, const CommitId& commit, const Gate& gate)
    : pass_(pass),
      prepared_(prepared),
      commit_(commit),
      goes_back_(pass.kept.course.goes_back_to(commit)),
      context_{.compared = prepared.compared.parts,
               .places = *prepared.compared.places,
               .state = pass.parts.state,
               .commit = commit,
               .drifted = pass.observed->drifted,
               .progress = [&](const state::Action& action) { pass_.observer(event_of(action, commit_)); },
               .stop = [&pass] { return pass.parts.stop.load(); },
               .later = pass.kept.retries.later(prepared.plan, pass.parts.clock.tick())},
      apply_(begun(pass, prepared, commit, context_, gate), context_) {}

plan::Plan Execution::begun(Pass& pass, Prepared& prepared, const CommitId& commit, ApplyContext& context,
                            const Gate& gate) {
  auto& standing = pass.kept.standing;
  standing.waiting.clear();
  standing.waiting_why.clear();
  standing.waiting_until.reset();
  standing.repaired = 0;
  if (!pass.kept.course.goes_back_to(commit)) {
    if (gate.can_close()) {
      if (const auto now = closed_now(pass, gate)) plan::hold(prepared.plan.steps, 0, *now);
      context.closed = [&pass, &gate] { return closed_now(pass, gate); };
    }
    begin_trial(pass, commit, prepared);
  }
  return std::move(prepared.plan);
}

void Execution::bring() {
  auto applied = with_guard(pass_, apply_.brings(), context_, [this] { return apply_.bring(); });
  const bool goes_on = goes_back_ && !applied.stopped && !applied.error;
  if (goes_on)
    sync::add(applied, with_guard(pass_, apply_.prunes(), context_, [this] { return apply_.prune(); }));
  add(std::move(applied));
}

void Execution::prune() {
  add(with_guard(pass_, apply_.prunes(), context_, [this] { return apply_.prune(); }));
}

void Execution::leave(const std::string& why) {
  auto& standing = pass_.kept.standing;
  for (const auto& step : prunes()) {
    const auto name = to_string(step.id);
    const auto is_it = [&name](const WaitingObject& one) { return one.object == name; };
    if (std::ranges::none_of(standing.waiting, is_it)) standing.waiting.push_back({name, "remove"});
  }
  if (standing.waiting_why.empty()) standing.waiting_why = why;
}

void Execution::add(Applied applied) {
  pass_.entries.reset();
  auto& standing = pass_.kept.standing;
  const auto append = [](auto& list, const auto& more) { list.insert(list.end(), more.begin(), more.end()); };
  standing.repaired += applied.repaired;
  append(standing.waiting, applied.waiting);
  append(standing.failed, applied.failed);
  append(pass_.record.actions, applied.actions);
  if (standing.waiting.empty()) {
    standing.waiting_why.clear();
    standing.waiting_until.reset();
  }
  pass_.kept.retries.note(prepared_.desired, standing.failed, applied.tried, pass_.parts.clock);
  if (applied.error) throw *applied.error;
  if (applied.stopped) throw Error(Fault::transient, "the sync was ended before its last step");
}

}  // namespace greenwave::sync
