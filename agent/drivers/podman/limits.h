#pragma once

#include "base/problem.h"
#include "drivers/workload/cron_job.h"
#include "drivers/workload/workload.h"
#include "model/manifest.h"

namespace greenwave::drivers::podman {

/// Like workload::read_workload and workload::read_cron_job, but also reports fields that there are not, or
/// that podman cannot be told (pod_fields.h). Pure.
workload::Workload read_runnable(const Manifest& manifest, const workload::Rules& rules, Problems& problems);
workload::CronJob read_runnable_cron_job(const Manifest& manifest, const workload::Rules& rules,
                                         Problems& problems);

}  // namespace greenwave::drivers::podman
