#pragma once

#include <functional>
#include <span>

#include "drivers/driver.h"
#include "drivers/kubernetes/seen.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// What was seen of an object at the last look; null: nothing, or it was not looked for.
using Recall = std::function<const Seen*(const Target& target)>;

/// Deletes objects that no manifest declares any more, many at once, and reports each: with one request each
/// where `recall` knows the object, since the server deletes it only in the version that was seen. An object
/// that other agents hold too is given up, without what only this one had set of it. An object stays as it
/// is, and only leaves the inventory, with a note, if another manager has taken it over, if others have
/// recreated it, or if it is a namespace or a definition whose manifest did not allow pruning.
void remove(Server& server, std::span<const plan::Step* const> steps, const Recall& recall,
            const ReportStep& report);

}  // namespace greenwave::drivers::kubernetes
