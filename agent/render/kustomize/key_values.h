#pragma once

#include <map>
#include <optional>
#include <string>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"

namespace greenwave::render::kustomize {

/// What a generator's files, literals and envs hold, by key. Nothing after a problem; values are never part
/// of its message, for they may be secret.
std::optional<std::map<std::string, Text>> read_key_values(const Generator& generator,
                                                           const std::string& directory, Context& context);

}  // namespace greenwave::render::kustomize
