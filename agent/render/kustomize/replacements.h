#pragma once

#include <string>
#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Copies values from one object into others. Each node is a replacement, or names a file of them.
void apply_replacements(std::vector<Object>& objects, const std::vector<yaml::Node>& replacements,
                        const std::string& directory, Context& context);

}  // namespace greenwave::render::kustomize
