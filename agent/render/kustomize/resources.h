#pragma once

#include <string>
#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Reads the objects of a file. Those of a List come after the others.
std::vector<Object> read_resources(const std::string& directory, const Text& path, Context& context);

}  // namespace greenwave::render::kustomize
