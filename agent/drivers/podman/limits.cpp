#include "drivers/podman/limits.h"

#include "drivers/podman/pod_fields.h"
#include "drivers/workload/selector_check.h"

namespace greenwave::drivers::podman {

workload::Workload read_runnable(const Manifest& manifest, const workload::Rules& rules, Problems& problems) {
  check_fields(manifest, problems);
  auto read = workload::read_workload(manifest, rules, problems);
  workload::check_selector(manifest, read, problems);
  return read;
}

workload::CronJob read_runnable_cron_job(const Manifest& manifest, const workload::Rules& rules,
                                         Problems& problems) {
  check_fields(manifest, problems);
  return workload::read_cron_job(manifest, rules, problems);
}

}  // namespace greenwave::drivers::podman
