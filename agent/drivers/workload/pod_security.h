#pragma once

#include "base/problem.h"
#include "drivers/workload/pod_field.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::workload {

/// Reports what a pod asks for beyond the level "baseline" of Kubernetes' Pod Security Standards, as of 1.34
/// (https://kubernetes.io/docs/concepts/security/pod-security-standards). What is allowed is listed; all else
/// is refused, with the path of the field, the control of the standards, and what may be written instead.
/// With Rules::allow_privileged everything is allowed: the level "privileged".
///
/// Where a device is no cluster, it differs from the standards:
///   - Host Namespaces: hostNetwork, where agent.yaml allows it.
///   - Host Ports: those that agent.yaml lists; without Services there is no other way in.
///   - HostPath Volumes: those below allowedPaths that show nothing of the agent's or the container
///     engine's (see host_path.h). As devices, files below /dev that are no block devices.
///   - Devices that podman or CDI take from `resources`, and mounts that reach back to the host, which
///     Kubernetes leaves to other controls, are refused.
///
/// Pure.
void check_security(const PodField& metadata, const PodField& spec, const Rules& rules, Problems& problems);

/// Whether a pod's annotation may reach the container engine: engines and runtimes take orders from
/// annotations, so that only those which were checked go there, unless everything is allowed. Pure.
bool is_passed_on(std::string_view annotation, const Rules& rules);

}  // namespace greenwave::drivers::workload
