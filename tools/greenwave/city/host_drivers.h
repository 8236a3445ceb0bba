#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/host/check_driver.h"
#include "drivers/host/command_driver.h"
#include "drivers/host/file_driver.h"
#include "drivers/host/unit_driver.h"
#include "sync/observe.h"

namespace greenwave::cli {

/// A device's own drivers, to judge manifests by: they never look at this machine.
struct HostDrivers {
  explicit HostDrivers(const std::vector<std::string>& allowed_paths)
      : files({"/", allowed_paths}),
        units({"/", allowed_paths}),
        commands({"/", allowed_paths}),
        checks({"/", allowed_paths}, config::Config{}.health.settle) {}

  sync::Drivers list() { return {&files, &units, &commands, &checks}; }

  drivers::host::FileDriver files;
  drivers::host::UnitDriver units;
  drivers::host::CommandDriver commands;
  drivers::host::CheckDriver checks;
};

}  // namespace greenwave::cli
