#pragma once

#include <vector>

#include "render/kustomize/configuration.h"
#include "render/kustomize/context.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Updates references to objects whose names changed in the build. Besides the fields that kustomize knows,
/// these include Greenwave's references: restartOn and
/// reloadOn of a SystemdUnit, and the annotation greenwave.dev/depends-on. `more` are fields of
/// configurations.
void update_references(std::vector<Object>& objects, const std::vector<NameReference>& more,
                       Context& context);

}  // namespace greenwave::render::kustomize
