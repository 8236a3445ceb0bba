#pragma once

#include <optional>
#include <string>
#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Makes the ConfigMap or Secret that a generator describes. Nothing on errors; the problems never
/// contain its content.
std::optional<Object> generate(const Generator& generator, const std::string& directory, Context& context);

/// Adds what was generated to `objects`, or merges it into (or replaces) the object of the same name,
/// depending on its behavior.
void absorb(std::vector<Object>& objects, Object generated, const Place& place, Problems& problems);

}  // namespace greenwave::render::kustomize
