#pragma once

#include <vector>

#include "base/problem.h"
#include "model/object_id.h"
#include "render/collect.h"
#include "yaml/node.h"

namespace greenwave::render {

/// An object with the declarations of all layers merged.
struct Assembled {
  ObjectId id;
  yaml::Node document;
  bool refused = false;  ///< its document is not what the repository means: the object stays as it is
};

struct Assembly {
  std::vector<Assembled> objects;  ///< ordered by id
  bool complete = true;            ///< false: more objects may be declared
};

/// Lays the layers over each other, in their order.
///
/// A declaration that is refused takes its object with it, whatever other layers say, unless a later one
/// replaces or deletes the object. A layer that could not be read in full may have declared anything: what
/// only other layers declare is refused then, for without that layer's changes it would not be what the
/// repository means. What it does declare itself goes on.
Assembly assemble(std::vector<CollectedLayer> layers, Problems& problems);

}  // namespace greenwave::render
