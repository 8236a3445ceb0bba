#pragma once

#include <vector>

#include "plan/claims.h"
#include "plan/objects.h"

namespace greenwave::plan {

/// How entries that no manifest declares any more leave the inventory.
struct Prune {
  std::vector<const Entry*> first;  ///< removed before anything else: they are in another object's way
  std::vector<const Taken*> released;
  std::vector<const Entry*> last;
};

/// Removals go from high ranks to low, and from the deepest path up. `claims` must outlive the result.
Prune prune(const Objects& objects, const Claims& claims);

}  // namespace greenwave::plan
