#pragma once

#include <string>

#include "sync/pass.h"

namespace greenwave::sync {

/// Why nothing may be pruned yet, for people: what the commit brings that is not there, or not well. Empty
/// when all is. What failed before the commit, or was refused before it, does not count. Call after the
/// commit was brought; without a trial the health of all objects is asked once.
std::string awaited(Pass& pass, const Prepared& prepared);

}  // namespace greenwave::sync
