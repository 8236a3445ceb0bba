#pragma once

#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::drivers::podman {

/// Podman ignores the case of a PodSpec's fields ("hostpath", "hostPath"), as Go's JSON does: a field that we
/// check must not slip in under another spelling. Reports each field that podman would know and Kubernetes
/// would not. Pure.
void check_field_names(const yaml::Node& spec, Problems& problems);

}  // namespace greenwave::drivers::podman
