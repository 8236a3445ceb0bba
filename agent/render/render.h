#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"
#include "model/manifest.h"
#include "model/source_tree.h"
#include "secrets/identity.h"

namespace greenwave::render {

/// The device's own input to its render.
struct Identity {
  std::string device;
  Labels labels;  ///< from its own configuration
  Labels facts;   ///< arch, os
  /// Decrypts what SOPS encrypted for this device. Nothing: not a device, and encrypted values stay so.
  std::optional<secrets::Keyring> keys = {};
  std::string digest_key = {};  ///< for Manifest::digest
  /// The first directory of a file's path, within its layer, is the namespace of those of its Kubernetes
  /// objects that name none.
  bool namespace_from_directory = false;
};

/// The cluster and this device's place in it, from a commit.
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
  /// Objects that the repository declares but that were refused (`problems` says why), ordered by id. They
  /// keep their last good state: they must not be pruned. If a layer could not be read completely, these
  /// include the objects that only other layers declare, since that layer's changes to them are unknown.
  std::vector<ObjectId> refused;
  /// False when some file could not be read at all, so that `manifests` may lack objects that the repository
  /// declares: nothing may be pruned then.
  bool complete = true;
  bool veiled = false;              ///< there were no keys, so some of it is still encrypted
  std::vector<std::string> layers;  ///< paths of the layers that this device gets, in order
};

/// The inventory does not list the device.
class NotListed : public Error {
 public:
  using Error::Error;
};

/// The part of a render that only reads greenwave.yaml and the inventory; throws like render.
Membership membership(const SourceTree& tree, const Identity& identity);

/// Computes what `tree` declares for this device. Pure: the same tree and identity give the same result.
/// Throws Error (invalid) with the place only when nothing can be rendered: greenwave.yaml or the inventory
/// is invalid; NotListed.
Rendered render(const SourceTree& tree, const Identity& identity);

}  // namespace greenwave::render
