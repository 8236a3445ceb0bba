#pragma once

#include "sync/apply.h"
#include "sync/gate.h"
#include "sync/pass.h"

namespace greenwave::sync {

/// Marks in the plan what would have to wait if it were carried out now, and says why.
Permission hold_for_now(Prepared& prepared, const Parts& parts);

/// Drops owed restarts of units that were restarted by others, or by a boot, since.
void forget_moot_restarts(Pass& pass);

}  // namespace greenwave::sync
