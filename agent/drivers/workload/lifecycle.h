#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "base/problem.h"
#include "drivers/workload/pod_field.h"
#include "drivers/workload/probe.h"

namespace greenwave::drivers::workload {

inline constexpr std::chrono::seconds usual_grace(30);        ///< as Kubernetes has it
inline constexpr std::chrono::seconds longest_grace(86'400);  ///< that a pod may ask for

/// Reports what of a PodSpec's beginning and end cannot be done on a device: hooks, the grace period, and
/// restart policies of single containers. Pure.
void check_lifecycle(const PodField& spec, Problems& problems);

/// How long a pod has between SIGTERM and SIGKILL. Of a PodSpec that passed check_lifecycle. Pure.
std::chrono::seconds grace_of(const yaml::Node& spec);

/// Whether one of the initContainers is a sidecar: it starts in its turn, and runs as long as the pod does.
bool is_sidecar(const nlohmann::ordered_json& init_container);

/// What is done in a container before it is told to end.
struct StopHook {
  std::optional<Probe> ask;  ///< a command, or a GET
  std::chrono::seconds sleep{};
};

/// Takes the hook out of a container that passed check_lifecycle, as the pod's label keeps it; null when
/// there is none. Podman does not see it: it has no hooks. Pure.
nlohmann::ordered_json take_stop_hook(nlohmann::ordered_json& container, bool host_network);

/// Reads the label {"NAME": {"exec": …}} for the container NAME of the manifest; nothing where it has none,
/// or where what it has cannot be read. Pure.
std::optional<StopHook> stop_hook_from(std::string_view label, std::string_view container);

}  // namespace greenwave::drivers::workload
