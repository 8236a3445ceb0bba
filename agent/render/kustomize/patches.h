#pragma once

#include <string>
#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// `patchesStrategicMerge`: each identifies its target by its kind and name.
void apply_merge_patches(std::vector<Object>& objects, const std::vector<Text>& patches,
                         const std::string& directory, Context& context);

/// `patches`: strategic merge and JSON 6902, with or without a target.
void apply_patches(std::vector<Object>& objects, const std::vector<Patch>& patches,
                   const std::string& directory, Context& context);

/// `patchesJson6902`.
void apply_json_patches(std::vector<Object>& objects, const std::vector<Patch>& patches,
                        const std::string& directory, Context& context);

}  // namespace greenwave::render::kustomize
