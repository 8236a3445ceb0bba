#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "drivers/workload/schedule.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::workload {

bool is_cron_job(const ObjectId& id);

/// What a CronJob's manifest asks for.
struct CronJob {
  std::string written;  ///< the schedule, as its author wrote it
  Schedule schedule;
  std::string zone;  ///< of the tz database; empty: the device's own
  bool suspended = false;
  /// A run that is later than this does not take place; nothing: a device that was off runs it when it is on
  /// again.
  std::optional<std::chrono::seconds> deadline;
  std::optional<std::chrono::seconds> longest_run;  ///< for all tries together
  unsigned more_tries = 6;                          ///< after a run that failed
  Workload workload;  ///< its pod; Workload::restart is "Never": a try is a new pod
};

/// Reads and checks it; what is wrong, or not for a device, goes into `problems` with its place. Pure, but
/// for a look into the device's tz database. The manifest must outlive the result.
CronJob read_cron_job(const Manifest& manifest, const Rules& rules, Problems& problems);

}  // namespace greenwave::drivers::workload
