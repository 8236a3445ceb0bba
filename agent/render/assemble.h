#pragma once

#include <vector>

#include "base/problem.h"
#include "model/object_id.h"
#include "render/collect.h"
#include "yaml/node.h"

namespace greenwave::render {

/// An object, with the declarations of all layers merged.
struct Assembled {
  ObjectId id;
  yaml::Node document;
  bool refused = false;  ///< its document may be wrong: the object must not be changed
  bool held = false;     ///< refused only since a layer that may change it could not be read completely
};

struct Assembly {
  std::vector<Assembled> objects;  ///< ordered by id
  bool complete = true;            ///< false: more objects may be declared
};

/// Merges the layers in order.
///
/// A refused declaration makes its object refused, whatever other layers say, unless a later one replaces or
/// deletes the object. A layer that could not be read completely may have declared anything, so objects that
/// only other layers declare are refused then: its changes to them are unknown. Objects that it does declare
/// continue.
Assembly assemble(std::vector<CollectedLayer> layers, Problems& problems);

}  // namespace greenwave::render
