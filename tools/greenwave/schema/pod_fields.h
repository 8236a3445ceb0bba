#pragma once

#include <optional>
#include <vector>

#include "schema/field.h"

namespace greenwave::cli {

/// Kubernetes' kinds as a device with podman takes them, without their fields.
std::vector<Field> pod_kinds();

/// Explains "Pod", "Pod.spec.containers.image" (or Pod.containers.image), by the table that lint and the
/// device judge by. Nothing for a path of another kind. Throws Error, with the name that was probably meant,
/// when there is no such field.
std::optional<Field> explain_pod_field(const std::string& path, Parts parts);

}  // namespace greenwave::cli
