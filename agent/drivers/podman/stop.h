#pragma once

#include <functional>
#include <vector>

#include "drivers/podman/service.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// Runs what a container is to do before it is told to end, and waits for that as long as `grace` allows.
/// Returns what is left of `grace`, two seconds at least as in Kubernetes, or all of it without a hook. What
/// fails in it changes nothing.
std::chrono::seconds run_stop_hook(Service& service, const Container& container, std::chrono::seconds grace);

/// Ends a pod as Kubernetes does: hooks, SIGTERM, and SIGKILL when its grace period is over; sidecars after
/// the rest. `pod` are its containers; those that do not run are left alone. Throws Error.
void stop_gently(Service& service, const std::vector<Container>& pod);

/// Removes a pod, and the volumes that belong to it alone. What still runs of it is killed.
void discard(Service& service, const workload::Rules& rules, const std::string& pod);

/// How long stop_gently may take.
std::chrono::seconds grace_of(const std::vector<Container>& pod);

}  // namespace greenwave::drivers::podman
