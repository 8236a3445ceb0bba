#pragma once

#include <span>

#include "drivers/driver.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// Deletes objects that no manifest declares any more, several at once, and reports each. An object stays,
/// and only leaves the inventory, with a note, if another manager has taken it over, if others have recreated
/// it, or if it is a namespace or a definition whose manifest did not allow pruning.
void remove(Server& server, std::span<const plan::Step* const> steps, const ReportStep& report);

}  // namespace greenwave::drivers::kubernetes
