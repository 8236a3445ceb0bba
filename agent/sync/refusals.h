#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/entry.h"
#include "sync/prepare.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// What of a commit is refused for good, before anything of it changes the device: objects, and files of
/// manifests that cannot be read. Not what only needs another runtime than this device has.
std::vector<FailedObject> refusals(const Prepared& prepared);

/// Of those, what the commit is to blame for: what is not in `before`, and whose manifest is another one than
/// was applied last. `inventory` is sorted.
std::vector<FailedObject> new_refusals(const Prepared& prepared, std::span<const std::string> before,
                                       std::span<const Entry> inventory);

}  // namespace greenwave::sync
