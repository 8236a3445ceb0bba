#pragma once

#include <string>

#include "sync/pass.h"

namespace greenwave::sync {

/// Takes the device back to the last good commit, all of it: files, units, what the commit added and what it
/// removed. Begun again where a power cut ended it, or a server that must have its part did not answer. The
/// history gets a record of what was tried; the Pass's own becomes that of the way back.
void revert(Pass& pass);

/// Why a device is neither at the rejected commit nor back.
std::string stuck_text(const Rejected& rejected);

}  // namespace greenwave::sync
