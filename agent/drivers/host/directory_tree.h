#pragma once

#include <string>
#include <vector>

#include "model/source_tree.h"

namespace greenwave::drivers::host {

/// One name of a Directory's source.
struct TreeItem {
  std::string name;  ///< relative to the source: "conf.d/10-base.conf"
  SourceTree::Type type = SourceTree::Type::file;
};

/// All of a tree in the repository: a directory before what is in it, its files before its directories (so
/// that neighbours follow each other). Throws Error (invalid) for what cannot be on a device (a submodule, a
/// name that is not text) and for a tree beyond 50,000 names or 64 levels.
std::vector<TreeItem> read_tree(const SourceTree& tree, const std::string& source);

}  // namespace greenwave::drivers::host
