#pragma once

#include <vector>

#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Puts the objects in the order of a build's output.
void sort_objects(std::vector<Object>& objects, const SortOptions& options);

}  // namespace greenwave::render::kustomize
