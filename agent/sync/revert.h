#pragma once

#include <string>

#include "sync/pass.h"

namespace greenwave::sync {

/// Takes the device back to the last good commit, all of it: files, units, what the commit added and what it
/// removed. A power cut makes it start over, as does what passes and keeps all of it from being done. What
/// cannot be reverted is left to the passes that follow, which apply the good commit as usual. The history
/// gets a record of the failed trial; the Pass's own record becomes that of the revert.
void revert(Pass& pass);

/// Call before another commit is applied instead of going back: what was undone of commands is not there any
/// more, so that this commit does it again where it has the same.
void forget_undone(Pass& pass);

/// Call after the good commit was applied again: records what has still not been reverted of a rejected
/// commit.
void free_stuck(Pass& pass);

/// Why the rejected commit is not completely reverted.
std::string stuck_text(const Rejected& rejected);

}  // namespace greenwave::sync
