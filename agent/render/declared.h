#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/object_id.h"
#include "render/variables.h"
#include "yaml/node.h"

namespace greenwave::render {

/// An object as one manifest declares it, variables replaced.
struct Declared {
  ObjectId id;
  yaml::Node document;
  bool refused = false;  ///< something is wrong with it; the file's problems say what
};

/// What one file says, before variables.
struct ReadFile {
  std::string path;
  std::vector<yaml::Node> documents;  ///< each a map that may be a manifest: lists are taken apart
  Problems problems;
  /// False: it could not be read to its end, or holds something that is no manifest.
  bool complete = true;
  std::vector<std::string> recipients;  ///< whom SOPS encrypted it for, in normal form
  Place encrypted;                      ///< where that is written; no file: it is not encrypted
  bool unopened = false;                ///< something in it is encrypted, and could not be opened
};

/// What one file declares.
struct ManifestFile {
  std::string path;
  std::vector<Declared> objects;
  Problems problems;
  bool encrypted = false;  ///< by SOPS, in part
  /// False: it may declare objects that are not in `objects`, for it could not be read to its end or one of
  /// its manifests does not say what it is.
  bool complete = true;
};

/// Adds what `document` holds to `file`: one manifest, or those of a List (v1's, and any kind that ends in
/// List and has items).
void take_apart(yaml::Node document, ReadFile& file);

/// Adds the object that `document` declares to `file`.
void declare(yaml::Node document, const Variables& variables, ManifestFile& file);

/// The objects of a file, for the device of `variables`.
ManifestFile declare_all(ReadFile file, const Variables& variables);

/// What names the object that `document` declares; nothing when it does not say, then `problems` says why.
std::optional<ObjectId> identify(const yaml::Node& document, Problems& problems);

/// Whether the object is of Greenwave's own kinds.
bool is_own(const ObjectId& id);

}  // namespace greenwave::render
