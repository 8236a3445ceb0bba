#pragma once

#include <string_view>

#include "render/object/merge_keys.h"

namespace greenwave::render::kustomize {

/// The merge key of a list of plain values, which merges as a set.
inline constexpr std::string_view by_value = "=";

/// How kustomize v5 merges the lists of a kind: by the keys of the Kubernetes API that it is built with
/// (1.21), which knows two keys for some lists and none for newer fields. Null for other kinds and versions:
/// their lists are replaced. Layers merge by `shape_of`, which follows current Kubernetes.
const Shape* patch_shape(std::string_view api_version, std::string_view kind);

}  // namespace greenwave::render::kustomize
