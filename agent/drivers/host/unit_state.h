#pragma once

#include <string>

#include "systemd/manager.h"

namespace greenwave::drivers::host {

/// Whether the unit is up: on its way up counts, but not the pause between two crashes.
bool is_up(const systemd::UnitState& state);
bool is_down(const systemd::UnitState& state);

/// How a unit is not enabled (or disabled) as wanted, in a few words; empty: it is. A unit that was enabled
/// only through others that its [Install] names stays "indirect": `applied` says that we did so.
std::string enabled_difference(const systemd::UnitState& state, bool wanted, bool applied);

/// The same for whether it runs. `done`: it is inactive because it did its work.
std::string running_difference(const systemd::UnitState& state, bool wanted, bool done);

/// "its process ended with exit status 1 (result exit-code)", or empty for nothing to report.
std::string to_words(const systemd::ServiceRun& run);

}  // namespace greenwave::drivers::host
