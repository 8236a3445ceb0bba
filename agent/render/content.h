#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/manifest.h"
#include "model/source_tree.h"

namespace greenwave::render {

struct CollectedLayer;

/// Takes the files that are content out of the layers (collect.h says which those are), and refuses the
/// objects whose sources hold manifests.
void set_content_aside(std::vector<CollectedLayer>& layers);

/// Finds what `spec.source` of a File or a Directory of ours names, and sets `manifest.source`. When
/// it names nothing of the right type, `problems` says so. Other kinds have no source.
void resolve_source(Manifest& manifest, const SourceTree& tree, Problems& problems);

}  // namespace greenwave::render
