#pragma once

#include <optional>
#include <span>
#include <string>

#include "drivers/podman/service.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// Podman mounts a path of the host by its name, each time that a container starts, also when podman restarts
/// it by itself: who can put a link in the place of one of its names decides what the container sees. So only
/// root may: each directory in which a name of the path is must be root's, and not writable for others. (A
/// container's root is the host's: plan/mounts.h sees to what another pod may write to.)
///
/// Throws Error (conflict) if that is not so, or if the path leads where `rules` do not allow. Call before
/// each start.
void check_host_path(const workload::Rules& rules, const std::string& path);
void check_host_paths(const workload::Rules& rules, std::span<const std::string> paths);

/// The same for what podman has recorded for a container, whoever made it.
void check_mounts(const workload::Rules& rules, Service& service, const std::string& container);

/// Why one of the paths is not safe now, in words; nothing if all are.
std::optional<std::string> unsafe_host_path(const workload::Rules& rules, std::span<const std::string> paths);

}  // namespace greenwave::drivers::podman
