#pragma once

#include <span>

#include "drivers/driver.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// Deletes objects that no manifest declares any more, several at once, and reports each. An object that
/// another manager took over stays, as does one that others have recreated since, and a namespace or a
/// definition whose manifest did not allow it: then the inventory lets go of it, with a note.
void remove(Server& server, std::span<const plan::Step* const> steps, const ReportStep& report);

}  // namespace greenwave::drivers::kubernetes
