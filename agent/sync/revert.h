#pragma once

#include <string>

#include "sync/pass.h"

namespace greenwave::sync {

/// Takes the device back to the last good commit, all of it: files, units, what the commit added and what it
/// removed. Begun again where a power cut ended it. What cannot be brought back is left to the passes that
/// follow, which apply the good commit as they always do. The history gets a record of what was tried; the
/// Pass's own becomes that of the way back.
void revert(Pass& pass);

/// After the good commit was applied again: notes what of a rejected commit is still not back.
void free_stuck(Pass& pass);

/// Why a device is not all the way back from the rejected commit.
std::string stuck_text(const Rejected& rejected);

}  // namespace greenwave::sync
