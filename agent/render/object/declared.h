#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/object_id.h"
#include "render/object/variables.h"
#include "yaml/node.h"

namespace greenwave::render {

/// An object as one manifest declares it, with variables replaced.
struct Declared {
  ObjectId id;
  yaml::Node document;
  bool refused = false;  ///< it has an error; see the file's problems
};

/// What was encrypted at once.
struct Sealed {
  Place place;  ///< where that is written
  /// Whom SOPS encrypted it for, in normal form. Nothing: age did, and does not say.
  std::optional<std::vector<std::string>> recipients;
};

/// The content of one file, before variables are replaced.
struct ReadFile {
  std::string path;  ///< without links
  std::string top;   ///< the first directory on the way to it from the layer's; empty: it is in that itself
  std::vector<yaml::Node> documents;  ///< each a map that may be a manifest; Lists are split
  Problems problems;
  /// False: it could not be read to its end, or contains something that is not a manifest.
  bool complete = true;
  std::vector<Sealed> sealed;  ///< what of it, and of the files that it names, is encrypted
  bool unopened = false;       ///< something in it is encrypted and could not be decrypted
};

/// The objects that one file declares.
struct ManifestFile {
  std::string path;
  std::string top;  ///< as in ReadFile
  std::vector<Declared> objects;
  Problems problems;
  bool encrypted = false;  ///< in part
  /// False: it may declare objects that are not in `objects`, because it could not be read to its end or one
  /// of its manifests cannot be identified.
  bool complete = true;
};

/// The items of a List (v1's, and any kind with items that ends in List); null when `document` is not one.
yaml::Node* items_of(yaml::Node& document);

/// Adds the manifests in `document` to `file`: one, or the items of a List.
void take_apart(yaml::Node document, ReadFile& file);

/// Whether variables are replaced in a manifest of a layer: its annotation decides, or else the layer.
bool has_substitution(const yaml::Node& document, Substitution of_layer);

/// Adds the object that `document` declares to `file`.
void declare(yaml::Node document, const Variables& variables, Substitution of_layer, ManifestFile& file);

/// The objects of a file of a layer, for the device of `variables`.
ManifestFile declare_all(ReadFile file, const Variables& variables, Substitution of_layer);

/// The id of the object that `document` declares; nothing if it is incomplete (`problems` says why).
std::optional<ObjectId> identify(const yaml::Node& document, Problems& problems);

/// Whether the object is of one of Greenwave's kinds.
bool is_own(const ObjectId& id);

}  // namespace greenwave::render
