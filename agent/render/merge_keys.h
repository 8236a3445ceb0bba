#pragma once

#include <string_view>
#include <vector>

#include "model/object_id.h"

namespace greenwave::render {

/// What is known of a member's shape: by which member of its items a list merges, and the same of what is
/// below it. Members that are not listed merge by their types alone, and lists among them are replaced.
struct Shape {
  std::string_view name;
  std::string_view merge_key;  ///< empty: no list, or one that is replaced
  /// A member that items may have beside the merge key to be told apart (the protocol of a port), and what
  /// it is when left out.
  std::string_view second_key;
  std::string_view second_default;
  std::vector<Shape> members;

  /// Null when nothing is known of it.
  const Shape* member(std::string_view key) const;
};

/// The shape of an object of this kind. For Kubernetes' kinds it holds the patchMergeKey of each list as
/// Kubernetes' API types declare it (k8s.io/api); kinds that are not built in have no such lists.
const Shape& shape_of(const ObjectId& id);

}  // namespace greenwave::render
