#pragma once

#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Objects whose names changed in the build are named by others by what they had been called: puts the new
/// names there. Besides the fields that kustomize knows these are Greenwave's own references: restartOn and
/// reloadOn of a SystemdUnit, and the annotation greenwave.dev/depends-on.
void update_references(std::vector<Object>& objects, Context& context);

}  // namespace greenwave::render::kustomize
