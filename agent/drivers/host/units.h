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

/// A device's units, and the tools to inspect and change them.
struct Units {
  const Host host;
  const bool runs_systemd;  ///< false: unit files are written and units enabled, but nothing is started
  systemd::Manager systemd;
  UnitJobs jobs;
  UnitDefinitions definitions;
  UnitHealth health;
  bool starts_left_out = false;  ///< a unit should run, but cannot here

  /// The primary name of the unit that a manifest means; if the manifest has the unit's file, its name there.
  /// `known` is the object's record in the inventory. Throws Error.
  std::string primary(const UnitSpec& spec, const UnitRecord& known);
};

}  // namespace greenwave::drivers::host
