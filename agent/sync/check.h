#pragma once

#include <vector>

#include "base/problem.h"
#include "model/inventory.h"
#include "plan/plan.h"
#include "render/render.h"
#include "sync/observe.h"
#include "sync/status.h"

namespace greenwave::sync {

/// The render, as far as this device's drivers take it.
struct Checked {
  std::vector<plan::Desired> desired;
  std::vector<ObjectId> refused;  ///< declared, but wrong: they stay as they are
  Problems problems;
};

/// Lets each driver read and judge its manifests; a wrong one is refused, the others go on. A kind that
/// nothing on this device can run is an error when it claims to be Greenwave's, else a warning.
Checked check(std::vector<Manifest> manifests, const Drivers& drivers);

/// What comparing with the device found.
struct Compared {
  std::map<ObjectId, plan::Difference> differences;
  std::vector<FailedObject> failed;  ///< could not be compared; they are refused too
  std::vector<ObjectId> refused;
};

/// Compares only what may differ: new, changed, drifted, failed or half-applied objects; all with `force`.
Compared compare(std::span<const plan::Desired> desired, std::span<const Entry> inventory,
                 const Observed& observed, const Drivers& drivers, const SourceTree& tree, bool force);

}  // namespace greenwave::sync
