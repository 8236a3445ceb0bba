#pragma once

#include <atomic>
#include <string>

#include "base/log.h"
#include "config/config.h"

namespace greenwave::drivers::podman {

/// Runs a CronJob once, for its service: creates a pod and waits until it ends. If it failed, tries again
/// with a new pod as often as backoffLimit allows. The last pod stays until the next run, so that people can
/// look at it. `unit` is the service's name without its suffix. If its timer started it later than
/// startingDeadlineSeconds allows, nothing runs. `stop` ends the run and its pod. Returns the exit status: 0
/// if the pod succeeded. Throws Error.
int run_cron_job(const config::Config& config, const std::string& unit, const std::atomic<bool>& stop,
                 const Log& log);

}  // namespace greenwave::drivers::podman
