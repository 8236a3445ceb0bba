#pragma once

#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::drivers::podman {

/// Podman reads the fields of a PodSpec whatever their case ("hostpath", "hostPath"), as Go's JSON does: what
/// is checked here by its name must not come in by another. Reports each field that only podman would know.
/// Pure.
void check_field_names(const yaml::Node& spec, Problems& problems);

}  // namespace greenwave::drivers::podman
