#pragma once

#include <string>
#include <vector>

#include "drivers/host/command_driver.h"
#include "drivers/host/file_driver.h"
#include "drivers/host/unit_driver.h"
#include "sync/observe.h"

namespace greenwave::cli {

/// A device's own drivers, to judge manifests by: they never look at this machine.
struct HostDrivers {
  explicit HostDrivers(const std::vector<std::string>& allowed_paths)
      : files({"/", allowed_paths}), units({"/", allowed_paths}), commands({"/", allowed_paths}) {}

  sync::Drivers list() { return {&files, &units, &commands}; }

  drivers::host::FileDriver files;
  drivers::host::UnitDriver units;
  drivers::host::CommandDriver commands;
};

}  // namespace greenwave::cli
