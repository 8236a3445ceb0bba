#pragma once

#include <optional>
#include <string>

#include "model/source_tree.h"

namespace greenwave {

/// Where a path of a commit leads.
struct Lead {
  std::string path;                      ///< without links: of `item`, or of what there is not
  std::optional<SourceTree::Item> item;  ///< a file or a directory
  /// Why a link leads nowhere, or the submodule that is in the way, and what to do. Empty if there is an
  /// item, or plainly nothing.
  std::string refusal = {};
  std::string remedy = {};

  bool is_directory() const { return item && item->type == SourceTree::Type::directory; }
  bool is_file() const { return item && !is_directory(); }
};

/// Follows the links in `path` and at its end, as a reader of a checkout would, but never out of the
/// repository. Throws Error (damaged).
Lead follow(const SourceTree& tree, const std::string& path);

}  // namespace greenwave
