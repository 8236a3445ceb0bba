#pragma once

#include "base/problem.h"
#include "drivers/workload/workload.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::podman {

/// What manifests claim, by their kind, and what restarts them; each reads and checks its manifest for that.
/// Pure.
plan::Footprint workload_footprint(const workload::Rules& rules, const Manifest& manifest,
                                   Problems& problems);
plan::Footprint material_footprint(const workload::Rules& rules, const Manifest& manifest,
                                   Problems& problems);
plan::Footprint claim_footprint(const workload::Rules& rules, const Manifest& manifest, Problems& problems);

}  // namespace greenwave::drivers::podman
