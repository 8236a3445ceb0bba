#pragma once

#include "drivers/podman/fields/shape.h"

/// What names a value of the pod itself.
namespace greenwave::drivers::podman::fields {

inline constexpr Known object_field_selector[]{
    {"apiVersion", Type::text, idle("there is one version").only("v1")}, {"fieldPath", Type::text, made}};
inline constexpr Known resource_field_selector[]{
    {"containerName", Type::text, made}, {"divisor", Type::quantity, made}, {"resource", Type::text, made}};

}  // namespace greenwave::drivers::podman::fields
