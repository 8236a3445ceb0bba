#pragma once

#include <array>
#include <string_view>

#include "drivers/workload/workload.h"

namespace greenwave::drivers::workload {

/// The volumes that a pod of a device may have.
inline constexpr std::array<std::string_view, 7> volume_kinds{
    "configMap", "secret", "projected", "downwardAPI", "emptyDir", "hostPath", "persistentVolumeClaim"};

/// Reports what of a PodSpec cannot be right, and paths of the host that are not for containers. Pure.
void check_containers(const PodField& spec, const Rules& rules, Problems& problems);

}  // namespace greenwave::drivers::workload
