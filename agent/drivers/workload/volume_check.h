#pragma once

#include "drivers/workload/workload.h"

namespace greenwave::drivers::workload {

/// Reports what of a pod's volumes, and of how its containers mount them, cannot be right, and paths of the
/// host that are not for containers. Pure.
void check_volumes(const PodField& spec, const Rules& rules, Problems& problems);

/// Whether a path leads downwards alone: it is relative, and no name in it is "..".
bool leads_down(std::string_view path);

}  // namespace greenwave::drivers::workload
