#pragma once

#include "sync/apply.h"
#include "sync/gate.h"
#include "sync/pass.h"

namespace greenwave::sync {

/// Does what may be done of a plan now; the rest waits for a window, or for a program that is busy. The way
/// back waits for nothing: what is there is not healthy.
Applied carry_out(Pass& pass, Prepared& prepared, const CommitId& commit);

/// Marks in the plan what would have to wait if it were carried out now, and says why.
Permission hold_for_now(Prepared& prepared, const Parts& parts);

/// Drops owed restarts of units that were restarted by others, or by a boot, since.
void forget_moot_restarts(Pass& pass);

}  // namespace greenwave::sync
