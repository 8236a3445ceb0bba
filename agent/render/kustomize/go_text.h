#pragma once

#include <string>

#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// A scalar as Go's fmt prints it with %v; "" for maps, lists and null.
std::string go_text(const yaml::Node& scalar);

enum class Layout { compact, indented };

/// JSON exactly as Go's encoding/json writes it: members sorted, <, >, & and the two line separators of
/// Unicode escaped, and where it is indented, by two spaces.
std::string go_json(const yaml::Node& node, Layout layout = Layout::compact);

}  // namespace greenwave::render::kustomize
