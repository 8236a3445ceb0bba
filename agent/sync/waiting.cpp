// Steps that must wait for a window, and restarts that are owed.
#include <algorithm>
#include <iterator>

#include "sync/gate.h"
#include "sync/sync.h"

namespace greenwave::sync {

/// Does what may be done of a plan now. The way back waits for nothing: what is there is not healthy.
Applied Sync::carry_out(Prepared& prepared, const std::string& commit, const ApplyContext& bench,
                        const Request& request) {
  standing_.waiting_why.clear();
  standing_.waiting_until.reset();
  if (is_reverting()) return apply(std::move(prepared.plan), bench);

  const Gate gate(prepared.cluster.windows, parts_.config.busy(), request.now, prepared.problems);
  const auto closed = [&] {
    auto answer = gate.ask(parts_.clock.now());
    if (answer.closed) {
      standing_.waiting_why = std::move(answer.why);
      standing_.waiting_until = answer.until;
    }
    return answer.closed;
  };
  auto manned = bench;
  if (gate.is_manned()) {
    if (const auto now = closed()) plan::hold(prepared.plan.steps, 0, *now);
    manned.closed = closed;
  }
  begin_trial(commit, prepared.plan);
  auto applied = apply(std::move(prepared.plan), manned);
  if (applied.waiting.empty()) {
    standing_.waiting_why.clear();
    standing_.waiting_until.reset();
  }
  return applied;
}

/// A unit that was started anew by others, or by a boot, took up what its restart was for.
void Sync::forget_moot_restarts() {
  const auto owed = parts_.state.owed();
  if (owed.empty()) return;
  std::vector<plan::Owed> moot;
  for (const auto& entry : inventory()) {
    const auto is_its = [&](const plan::Owed& one) { return one.unit == entry.id; };
    if (std::ranges::none_of(owed, is_its)) continue;
    const auto* served = serving(parts_.drivers, entry.id);
    if (served == nullptr) continue;
    auto* const restarts = served->driver->abilities().restarts;
    if (restarts == nullptr || restarts->still_owes(entry)) continue;
    std::ranges::copy_if(owed, std::back_inserter(moot), is_its);
  }
  parts_.state.settle({}, {}, moot);
}

}  // namespace greenwave::sync
