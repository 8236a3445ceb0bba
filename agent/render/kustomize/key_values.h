#pragma once

#include <map>
#include <optional>
#include <string>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"

namespace greenwave::render::kustomize {

/// The content of a generator's files, literals and envs, by key. Nothing on errors; messages never contain
/// values, since they may be secret.
std::optional<std::map<std::string, Text>> read_key_values(const Generator& generator,
                                                           const std::string& directory, Context& context);

}  // namespace greenwave::render::kustomize
