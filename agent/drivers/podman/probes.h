#pragma once

#include <nlohmann/json_fwd.hpp>

namespace greenwave::drivers::podman {

/// Makes a container's probes what podman knows: one health check, which restarts the container. A startup
/// probe becomes its time before it counts. Pure.
void fill_probes(nlohmann::ordered_json& container);

}  // namespace greenwave::drivers::podman
