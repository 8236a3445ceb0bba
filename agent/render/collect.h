#pragma once

#include <memory>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/source_tree.h"
#include "render/layers.h"
#include "render/object/declared.h"
#include "render/object/variables.h"
#include "secrets/identity.h"

namespace greenwave::render {

/// A layer with everything that its directory declares.
struct CollectedLayer {
  ChosenLayer layer;
  std::vector<ManifestFile> files;  ///< ordered by path
};

/// A layer's files before variables: the same for all devices that get it.
struct ReadLayer {
  ChosenLayer layer;            ///< no longer known when a directory below it could not be reached
  std::vector<ReadFile> files;  ///< ordered by path
};

/// Reads layers one at a time. The constructor's arguments must outlive it.
class LayerReader {
 public:
  /// Decrypts SOPS values with `keys`; with null they stay encrypted and are marked as secret.
  LayerReader(const Cluster& cluster, const SourceTree& tree, const secrets::Keyring* keys = nullptr);
  ~LayerReader();

  /// Problems in files go to the files; `problems` gets those of the directories. The files of all layers
  /// that one reader reads share a size limit; `forget` resets the count.
  ReadLayer read(ChosenLayer layer, Problems& problems);
  void forget();

 private:
  struct Reading;
  std::unique_ptr<Reading> reading_;
};

/// Reads every *.yaml, *.yml and *.json file below the layers' directories. Skips names that begin with a
/// dot, greenwave.yaml, the inventory, the polygons, directories that are layers themselves, and content.
/// Links are followed to what the layer does not have by itself; one that leads nowhere, and a submodule, are
/// errors of the layer, since nobody knows what they would declare. For a directory with a kustomization,
/// reads the output of kustomize instead (kustomize/build.h).
///
/// Content is what manifests deploy, as opposed to manifests: a file is content when the `source` of a File
/// or a Directory, in any of these layers, names it or a directory above it. A mistake in a source must not
/// make manifests vanish, so a source that contains a manifest of Greenwave's kinds, or a layer, is an error
/// of the object that names it.
///
/// SOPS values are decrypted with `keys`, as in LayerReader; a file that they cannot decrypt declares refused
/// objects.
///
/// Problems in files go to the files; `problems` gets those of the directories.
std::vector<CollectedLayer> collect(const std::vector<ChosenLayer>& layers, const Cluster& cluster,
                                    const Variables& variables, const SourceTree& tree,
                                    const secrets::Keyring* keys, Problems& problems);

/// Sets the namespace of objects that have none to ManifestFile::top, the first directory in their layer, and
/// refuses those that name another one; except Greenwave's kinds and cluster-scoped kinds.
void take_namespaces_from_directories(std::vector<CollectedLayer>& layers);

}  // namespace greenwave::render
