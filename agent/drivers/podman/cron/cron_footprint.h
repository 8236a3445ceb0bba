#pragma once

#include "base/problem.h"
#include "drivers/workload/workload.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::podman {

/// What a CronJob claims, and what restarts it; reads and checks its manifest for that. Pure, except that it
/// reads the device's tz database.
plan::Footprint cron_footprint(const workload::Rules& rules, const Manifest& manifest, Problems& problems);

}  // namespace greenwave::drivers::podman
