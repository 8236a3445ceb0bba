#pragma once

#include "drivers/podman/workload.h"

namespace greenwave::drivers::podman {

/// Reports what of a PodSpec this device does not allow, and what podman would silently leave out although
/// the pod cannot be right without it. Pure.
void check_containers(const yaml::Node& spec, const Rules& rules, Problems& problems);

}  // namespace greenwave::drivers::podman
