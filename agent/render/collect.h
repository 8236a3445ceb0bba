#pragma once

#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/source_tree.h"
#include "render/declared.h"
#include "render/layers.h"
#include "render/variables.h"

namespace greenwave::render {

/// A layer with all that its directory declares.
struct CollectedLayer {
  ChosenLayer layer;
  std::vector<ManifestFile> files;  ///< ordered by path
};

/// Reads every *.yaml, *.yml and *.json file below the layers' directories. Left out are: names that begin
/// with a dot, links (with a warning: they are not followed), greenwave.yaml, the inventory, the polygons,
/// directories that are layers of their own, and content. Directories with a kustomization are refused.
///
/// Content is what manifests deploy instead of what they say: a file is content when the `source` of a File
/// or a Directory, in any of these layers, names it or a directory above it. So that a slip in a source
/// cannot make manifests vanish, a source that holds a manifest of Greenwave's own kinds, or a layer, is an
/// error of the object that names it.
///
/// Problems of files go into the files; `problems` gets those of the directories.
std::vector<CollectedLayer> collect(const std::vector<ChosenLayer>& layers, const Cluster& cluster,
                                    const Variables& variables, const SourceTree& tree, Problems& problems);

}  // namespace greenwave::render
