#pragma once

#include "render/kustomize/context.h"
#include "render/object/merge_keys.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// Merges a strategic merge patch into `target` as kustomize does. It differs from the merge of layers: what
/// a patch names comes before what it doesn't in a list that merges, the values of a list that doesn't stay
/// as they are, and a value of another type is refused. Both are maps. Returns false when the patch deletes
/// the whole target.
bool merge_patch(yaml::Node& target, yaml::Node patch, const Shape* shape, Context& context);

}  // namespace greenwave::render::kustomize
