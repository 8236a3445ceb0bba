#pragma once

#include <optional>
#include <string>
#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/json_patch.h"

namespace greenwave::render::kustomize {

/// A patch as parsed: one of the two.
struct ParsedPatch {
  std::vector<yaml::Node> merges;     ///< strategic merge patches; each has a kind and a name
  std::vector<Operation> operations;  ///< a JSON patch
};

/// Reads the patch that a kustomization holds itself. Places count in its file.
std::optional<ParsedPatch> parse_inline_patch(const Text& text, Context& context);

/// Reads the patch in a file.
std::optional<ParsedPatch> parse_patch_file(const std::string& directory, const Text& path, Context& context);

}  // namespace greenwave::render::kustomize
