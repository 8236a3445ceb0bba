#pragma once

#include "base/problem.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::workload {

/// Reports a selector of `kind` that is missing, selects nothing in particular, or does not select the pods
/// that the template makes: the API server refuses each. Pure.
void check_selector(const Manifest& manifest, const Workload& workload, Problems& problems);

}  // namespace greenwave::drivers::workload
