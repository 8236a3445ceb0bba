#pragma once

#include <set>
#include <string>

#include "judge/judge.h"
#include "lint/findings.h"
#include "render/fleet.h"

namespace greenwave::cli {

/// Selectors that match no device, layers that no device gets, broken polygons, windows that never open.
void check_city(const render::Fleet& fleet, LintFindings& findings);

/// Checks each variant of an object once: its variables, its spec as the device's drivers read it, its
/// source. Then checks each device's objects against each other: paths, references, cycles. Returns the paths
/// of the sources.
std::set<std::string> check_objects(const render::Fleet& fleet, const city::RuntimeKinds& kinds,
                                    LintFindings& findings);

/// Warns of manifests that are in no layer, and that neither a source nor a kustomization names.
void check_strays(const render::Fleet& fleet, const std::set<std::string>& sources, LintFindings& findings);

/// Errors in the unit files of a SystemdUnit, and warnings if an object of any kind changes the agent itself.
void check_unit(const Manifest& manifest, Problems& problems);

/// Compares the recipients of encrypted files with those in the inventory: reports devices that get a file
/// and cannot open it, and devices that could open it but never get it. `getting` has the devices of each
/// layer.
void check_recipients(const render::Fleet& fleet, const std::vector<std::vector<std::uint32_t>>& getting,
                      LintFindings& findings);

}  // namespace greenwave::cli
