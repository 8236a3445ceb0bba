#include "sync/waiting.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sync/own_change.h"
#include "sync/records.h"
#include "sync/trial.h"

namespace greenwave::sync {

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
