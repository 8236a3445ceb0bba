#pragma once

#include "base/problem.h"
#include "drivers/workload/pod_field.h"

namespace greenwave::drivers::podman {

/// Reports each field of a PodSpec that Kubernetes does not have in its place (API reference of 1.34,
/// core/v1). What was checked by its name must not slip in under another: podman ignores the case of fields
/// ("hostpath", "hostPath"), as Go's JSON does, and knows fields of its own. Pure.
void check_fields(const workload::PodField& spec, Problems& problems);

}  // namespace greenwave::drivers::podman
