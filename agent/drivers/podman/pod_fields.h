#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "drivers/podman/fields/shape.h"
#include "model/manifest.h"

namespace greenwave::drivers::podman {

/// Reports each field of an object that Kubernetes does not have in its place, that is of another type or
/// none of the words that it has there, or that podman cannot be told (fields/shape.h). What was checked by
/// its name must not slip in under another: podman ignores the case of fields ("hostpath", "hostPath"), as
/// Go's JSON does, knows fields of its own, and converts what is of another type. Pure.
void check_fields(const Manifest& manifest, Problems& problems);

/// Warns of the fields that have no meaning on a device with podman, in one problem with the place of the
/// first. Pure.
void note_fields(const Manifest& manifest, Problems& problems);

/// A field of the table, where it first is: "spec.template.spec.containers[].stdin" of a Deployment is
/// "spec.containers[].stdin" of a Pod. What is below fields that are not used is left out.
struct FieldRow {
  std::string path;  ///< with the kind: "Pod.spec.containers[].stdin"
  const fields::Known* known = nullptr;
};
std::vector<FieldRow> field_rows();

}  // namespace greenwave::drivers::podman
