#pragma once

#include "drivers/host/confined.h"
#include "drivers/host/unit_health.h"
#include "drivers/host/unit_jobs.h"
#include "systemd/manager.h"

namespace greenwave::drivers::host {

/// A device's units, and what they are looked at and changed with.
struct Units {
  const Host host;
  const bool runs_systemd;  ///< else unit files are written and units enabled, and nothing is started
  systemd::Manager systemd;
  UnitJobs jobs;
  UnitHealth health;
  bool starts_left_out = false;  ///< a unit should run, and cannot here
};

}  // namespace greenwave::drivers::host
