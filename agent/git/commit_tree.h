#pragma once

#include <string>
#include <unordered_map>

#include "git/handle.h"
#include "model/source_tree.h"

namespace greenwave::git {

/// The files below one tree of a repository's object database. Trees that were read are kept parsed, so that
/// thousands of lookups in one large directory cost one parse.
class CommitTree : public SourceTree {
 public:
  /// `repository` must outlive this.
  CommitTree(git_repository* repository, Tree root);

  std::optional<Item> find(const std::string& path) const override;
  std::vector<Item> list(const std::string& path) const override;
  std::string read(const std::string& path, std::size_t cap) const override;

 private:
  /// Null when there is no such directory. Valid until the next call.
  const git_tree* directory(const std::string& path) const;
  const git_tree_entry* entry(const std::string& path) const;

  git_repository* repository_;
  Odb odb_;
  mutable std::unordered_map<std::string, Tree> directories_;
};

}  // namespace greenwave::git
