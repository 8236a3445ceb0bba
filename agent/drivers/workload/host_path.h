#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/workload/workload.h"
#include "plan/step.h"

namespace greenwave::drivers::workload {

/// What of the agent's a container would see that gets `path` of the host and may not; null: nothing. Pure.
const config::OwnPath* own_seen(const Rules& rules, std::string_view path);

/// What of the container engine's it would see: its socket, its settings, other containers' files. With any
/// of these it makes itself a container that has the host. Empty: nothing. Pure.
std::string engine_seen(const Rules& rules, std::string_view path);

/// Whether the path is in plain form, and at or below one of Rules::allowed_paths. Pure.
bool is_below_allowed(const Rules& rules, std::string_view path);

/// Whether a container may see `path` of the host: below an allowed one, and without anything of the agent's
/// or the engine's, unless containers may be privileged. Pure.
bool is_allowed(const Rules& rules, std::string_view path);

/// The host's paths that a pod's containers see, and the volumes that claims name ("volume data/logs"), with
/// what of them is mounted. Pure.
std::vector<plan::Mount> mounts_of(const Workload& workload);

}  // namespace greenwave::drivers::workload
