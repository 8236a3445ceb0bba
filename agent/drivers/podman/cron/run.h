#pragma once

#include <atomic>
#include <string>

#include "base/log.h"
#include "config/config.h"

namespace greenwave::drivers::podman {

/// Runs a CronJob once, as its service asks for it: makes a pod, waits for its end, tries again with a new
/// pod where it failed and its backoffLimit allows it. The last pod stays, for people to look at, until the
/// next run. `unit` is the service's name without its ending. Where a timer started it after its
/// startingDeadlineSeconds, nothing is run. `stop` ends the run, and its pod. Returns the exit status: 0 when
/// the pod ended well. Throws Error.
int run_cron_job(const config::Config& config, const std::string& unit, const std::atomic<bool>& stop,
                 const Log& log);

}  // namespace greenwave::drivers::podman
