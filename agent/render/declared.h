#pragma once

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

/// What one file declares.
struct ManifestFile {
  std::string path;
  std::vector<Declared> objects;
  Problems problems;
  /// False: it may declare objects that are not in `objects`, for it could not be read to its end or one of
  /// its manifests does not say what it is.
  bool complete = true;
};

/// Adds what `document` declares to `file`: one object, or those of a List (v1's, and any kind that ends in
/// List and has items).
void declare(yaml::Node document, const Variables& variables, ManifestFile& file);

/// Whether the object is of Greenwave's own kinds.
bool is_own(const ObjectId& id);

}  // namespace greenwave::render
