#pragma once

#include "base/problem.h"
#include "render/object/merge_keys.h"
#include "yaml/node.h"

namespace greenwave::render {

/// How a later layer's declaration affects the object as a whole.
enum class Patch {
  merge,    ///< also without a `$patch`
  replace,  ///< it replaces what earlier layers declared
  remove,   ///< `$patch: delete`: this device does not get the object
};

/// Reads and removes the `$patch` of a map.
Patch take_patch(yaml::Node& map, Problems& problems);

/// Merges a later declaration over an earlier one. Maps merge, member by member; null removes a member; lists
/// with a merge key merge item by item (new items go to the end); everything else is replaced.
///
/// `$patch: delete` in a map removes it, from a map or from a list that merges. `$patch: replace` replaces
/// the earlier map instead of merging. `$patch: merge` is the default. As the only member of a list item,
/// they apply to the list.
void merge(yaml::Node& base, yaml::Node patch, const Shape& shape, Problems& problems);

/// Applies the `$patch` members of a first declaration: they have nothing to replace, and what they delete is
/// left out.
void settle_directives(yaml::Node& document, Problems& problems);

}  // namespace greenwave::render
