#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/manifest.h"
#include "model/source_tree.h"

namespace greenwave::render {

struct CollectedLayer;

/// Removes content files from the layers (see collect.h), and refuses objects whose sources contain
/// manifests.
void set_content_aside(std::vector<CollectedLayer>& layers, const SourceTree& tree);

/// Resolves `spec.source` of our File or Directory, links too, and sets `manifest.source`. If there is
/// nothing of the right type, `problems` says so. Other kinds have no source.
void resolve_source(Manifest& manifest, const SourceTree& tree, Problems& problems);

}  // namespace greenwave::render
