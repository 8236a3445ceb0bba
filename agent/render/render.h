#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"
#include "model/manifest.h"
#include "model/source_tree.h"
#include "secrets/identity.h"

namespace greenwave::render {

/// What the device itself brings to its render.
struct Identity {
  std::string device;
  Labels labels;  ///< of its own configuration
  Labels facts;   ///< arch, os
  /// Opens what SOPS encrypted for this device. Nothing: this is none, and what is encrypted stays so.
  std::optional<secrets::Keyring> keys = {};
  std::string digest_key = {};  ///< of Manifest::digest
  /// The first directory of a file's path, within its layer, is the namespace of those of its Kubernetes
  /// objects that name none.
  bool namespace_from_directory = false;
};

/// What a commit says of the cluster and of this device in it.
struct Membership {
  Cluster cluster;
  Device device;
  Problems problems;
};

struct Rendered {
  Cluster cluster;
  Device device;
  std::vector<Manifest> manifests;  ///< sealed, one for each object, ordered by id
  Problems problems;
  /// Objects that the repository declares but that were refused (`problems` says why), ordered by id. Their
  /// last good state stays: they must not be pruned. Where a layer could not be read in full, these are also
  /// the objects that only other layers declare, for what that layer changes of them is not known.
  std::vector<ObjectId> refused;
  /// False when some file could not be read at all, so that objects may be missing from `manifests` that the
  /// repository does declare: nothing may be pruned then.
  bool complete = true;
  bool veiled = false;              ///< something of it is encrypted and was left so, for there were no keys
  std::vector<std::string> layers;  ///< paths of the layers that this device gets, in their order
};

/// The part of a render that reads greenwave.yaml and the inventory alone; throws as render does.
Membership membership(const SourceTree& tree, const Identity& identity);

/// Works out what `tree` says this device should be. Pure: the same tree and identity give the same result.
/// Throws Error (invalid) only where nothing can be said at all (greenwave.yaml or the inventory is broken);
/// its message holds the place.
Rendered render(const SourceTree& tree, const Identity& identity);

}  // namespace greenwave::render
