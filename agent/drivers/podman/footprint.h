#pragma once

#include "base/problem.h"
#include "drivers/workload/workload.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::podman {

/// What a manifest of each kind claims, and what restarts it. Each reads and checks the manifest. Pure.
plan::Footprint workload_footprint(const workload::Rules& rules, const Manifest& manifest,
                                   Problems& problems);
plan::Footprint material_footprint(const workload::Rules& rules, const Manifest& manifest,
                                   Problems& problems);
plan::Footprint service_footprint(const workload::Rules& rules, const Manifest& manifest, Problems& problems);
plan::Footprint claim_footprint(const workload::Rules& rules, const Manifest& manifest, Problems& problems);

}  // namespace greenwave::drivers::podman
