#pragma once

#include <memory>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/source_tree.h"
#include "render/declared.h"
#include "render/layers.h"
#include "render/variables.h"
#include "secrets/identity.h"

namespace greenwave::render {

/// A layer with all that its directory declares.
struct CollectedLayer {
  ChosenLayer layer;
  std::vector<ManifestFile> files;  ///< ordered by path
};

/// A layer's files before variables: the same for all devices that get it.
struct ReadLayer {
  ChosenLayer layer;            ///< no longer known when a directory below it could not be reached
  std::vector<ReadFile> files;  ///< ordered by path
};

/// Reads layers one by one. What it is made of must outlive it.
class LayerReader {
 public:
  /// What SOPS encrypted is opened with `keys`; null: it stays as it is, and is marked as secret.
  LayerReader(const Cluster& cluster, const SourceTree& tree, const secrets::Keyring* keys = nullptr);
  ~LayerReader();

  /// Problems of files go into the files; `problems` gets those of the directories. Files of all layers that
  /// one reader reads share a bound, which `forget` takes back.
  ReadLayer read(ChosenLayer layer, Problems& problems);
  void forget();

 private:
  struct Reading;
  std::unique_ptr<Reading> reading_;
};

/// Reads every *.yaml, *.yml and *.json file below the layers' directories. Left out are: names that begin
/// with a dot, links (with a warning: they are not followed), greenwave.yaml, the inventory, the polygons,
/// directories that are layers of their own, and content. Of a directory with a kustomization, what
/// kustomize would make of it is read instead (kustomize/build.h).
///
/// Content is what manifests deploy instead of what they say: a file is content when the `source` of a File
/// or a Directory, in any of these layers, names it or a directory above it. So that a slip in a source
/// cannot make manifests vanish, a source that holds a manifest of Greenwave's own kinds, or a layer, is an
/// error of the object that names it.
///
/// What SOPS encrypted is opened with `keys`, as by LayerReader; a file that they cannot open declares
/// refused objects.
///
/// Problems of files go into the files; `problems` gets those of the directories.
std::vector<CollectedLayer> collect(const std::vector<ChosenLayer>& layers, const Cluster& cluster,
                                    const Variables& variables, const SourceTree& tree,
                                    const secrets::Keyring* keys, Problems& problems);

/// Gives objects without a namespace that of the first directory of their file's path, within its layer: not
/// Greenwave's own, nor those of a kind that has none.
void take_namespaces_from_directories(std::vector<CollectedLayer>& layers);

/// Takes the files that are content out of layers whose objects have their ids and sources.
void set_aside(std::vector<CollectedLayer>& layers);

}  // namespace greenwave::render
