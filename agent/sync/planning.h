#pragma once

#include <vector>

#include "base/problem.h"
#include "plan/plan.h"

namespace greenwave::sync {

/// What a render comes to on a device that has input.inventory.
struct Planned {
  plan::Plan plan;
  Problems problems;              ///< the plan's among them
  std::vector<ObjectId> refused;  ///< by any stage: they stay as they are
};

/// Orders what must be done for a render; `input.refused` is what earlier stages refused. `may_empty`: an
/// empty render may remove everything. Looks at no device, so that a commit can be judged without one.
Planned plan_render(plan::Input input, const plan::Places& places, bool may_empty);

}  // namespace greenwave::sync
