#pragma once

#include <span>
#include <vector>

#include "drivers/driver.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// Checks the health of objects: one Health each. If an object waits for its pods, its reason names the pod
/// to blame, with the last lines of its log if it crashes.
std::vector<Health> inspect(Server& server, std::span<const Entry* const> entries, Duration patience);

}  // namespace greenwave::drivers::kubernetes
