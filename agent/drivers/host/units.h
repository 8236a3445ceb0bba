#pragma once

#include <optional>
#include <string>

#include "drivers/host/confined.h"
#include "drivers/host/unit_definitions.h"
#include "drivers/host/unit_health.h"
#include "drivers/host/unit_jobs.h"
#include "drivers/host/unit_spec.h"
#include "systemd/manager.h"

namespace greenwave::drivers::host {

/// A device's units, and what they are looked at and changed with.
struct Units {
  const Host host;
  const bool runs_systemd;  ///< else unit files are written and units enabled, and nothing is started
  systemd::Manager systemd;
  UnitJobs jobs;
  UnitDefinitions definitions;
  UnitHealth health;
  bool starts_left_out = false;  ///< a unit should run, and cannot here

  /// The unit that a manifest means, by its primary name. A unit whose file is in the manifest is known by
  /// the name there. `known`: what the inventory has of the manifest's object. Throws Error.
  std::string primary(const UnitSpec& spec, const UnitRecord& known);
};

}  // namespace greenwave::drivers::host
