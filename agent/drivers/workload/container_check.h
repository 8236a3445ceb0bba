#pragma once

#include <array>
#include <string_view>

#include "drivers/workload/workload.h"

namespace greenwave::drivers::workload {

/// The volumes that a pod of a device may have.
inline constexpr std::array<std::string_view, 6> volume_kinds{
    "configMap", "secret", "projected", "emptyDir", "hostPath", "persistentVolumeClaim"};

/// Reports what of a PodSpec this device does not allow, and what cannot be right. Pure.
void check_containers(const yaml::Node& spec, const Rules& rules, Problems& problems);

}  // namespace greenwave::drivers::workload
