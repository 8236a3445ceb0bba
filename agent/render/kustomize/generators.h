#pragma once

#include <optional>
#include <string>
#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Makes the ConfigMap or Secret that a generator describes. Nothing when it cannot be; the problems never
/// hold what is in it.
std::optional<Object> generate(const Generator& generator, const std::string& directory, Context& context);

/// Adds what was generated to `objects`, or merges it into (or puts it in the place of) the one of the same
/// name, as its behavior says.
void absorb(std::vector<Object>& objects, Object generated, const Place& place, Problems& problems);

}  // namespace greenwave::render::kustomize
