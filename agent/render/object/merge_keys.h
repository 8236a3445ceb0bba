#pragma once

#include <string_view>
#include <vector>

#include "model/object_id.h"

namespace greenwave::render {

/// How a member merges: which member of a list's items is the merge key, and the same for its own members.
/// Members that are not listed merge by type only, and their lists are replaced.
struct Shape {
  std::string_view name;
  std::string_view merge_key;  ///< empty: not a list, or one that is replaced
  /// A second member that distinguishes items, in addition to the merge key (the protocol of a port), and its
  /// value when it is absent.
  std::string_view second_key;
  std::string_view second_default;
  std::vector<Shape> members;

  /// Null when its shape is not known.
  const Shape* member(std::string_view key) const;
};

/// The shape of an object of this kind. For Kubernetes' built-in kinds it has the patchMergeKey of each list,
/// from Kubernetes' API types (k8s.io/api); other kinds have no such lists.
const Shape& shape_of(const ObjectId& id);

}  // namespace greenwave::render
