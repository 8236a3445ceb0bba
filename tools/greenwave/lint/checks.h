#pragma once

#include "drivers/driver.h"
#include "lint/findings.h"
#include "render/fleet.h"
#include "sync/observe.h"

namespace greenwave::cli {

/// Selectors that match nobody, layers that nobody gets, polygons that are no polygons, windows that never
/// open.
void check_city(const render::Fleet& fleet, LintFindings& findings);

/// Each object once for each way in which it differs: its variables, its spec as the device's drivers read
/// it, its source. Then each device's objects against each other: places, references, cycles. Returns how
/// many objects were rendered.
std::size_t check_objects(const render::Fleet& fleet, const sync::Drivers& drivers, LintFindings& findings);

/// What SOPS encrypted, against the recipients in the inventory: devices that get it and cannot open it, and
/// devices that can and never get it. `getting` are the devices of each layer.
void check_recipients(const render::Fleet& fleet, const std::vector<std::vector<std::uint32_t>>& getting,
                      LintFindings& findings);

}  // namespace greenwave::cli
