#pragma once

#include "base/problem.h"
#include "render/merge_keys.h"
#include "yaml/node.h"

namespace greenwave::render {

/// What a later layer's declaration does to the object as a whole.
enum class Patch {
  merge,    ///< also where there is no `$patch`
  replace,  ///< it takes the place of what earlier layers declared
  remove,   ///< `$patch: delete`: this device does not get the object
};

/// Reads and removes the `$patch` of a map.
Patch take_patch(yaml::Node& map, Problems& problems);

/// Merges a later declaration over an earlier one. Maps merge, member by member; null removes a member;
/// lists with a merge key merge item by item (new items go to the end); all else is replaced.
///
/// `$patch: delete` in a map removes it, from a map or from a list that merges; `$patch: replace` lets it
/// replace the earlier one instead of merging; `$patch: merge` says what happens anyway. As an item of a list
/// that holds nothing else, they mean the list.
void merge(yaml::Node& base, yaml::Node patch, const Shape& shape, Problems& problems);

/// Carries out the `$patch` members of a declaration that nothing comes before: there they have nothing to
/// replace, and what they delete is left out.
void settle_directives(yaml::Node& document, Problems& problems);

}  // namespace greenwave::render
