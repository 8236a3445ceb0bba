#pragma once

#include <set>
#include <string>
#include <unordered_map>

#include "git/handle.h"
#include "git/store.h"
#include "model/source_tree.h"

namespace greenwave::git {

/// The files of one tree in a repository's object database. Parsed trees are kept, so that thousands of
/// lookups in one large directory parse it once.
class CommitTree : public SourceTree {
 public:
  /// `prefix` is the directory used as the root; empty: the tree itself. Objects that the store lacks go into
  /// `missing` and read as empty; if `missing` is null, a missing object is damage. `repository` and
  /// `missing` must outlive this.
  CommitTree(git_repository* repository, const git_oid& root, std::string prefix, Missing* missing);

  /// Records in `names` every object that is read from here on. `names` must outlive this.
  void note_into(std::set<std::string>& names) { noted_ = &names; }

  std::optional<Item> find(const std::string& path) const override;
  std::vector<Item> list(const std::string& path) const override;
  std::string read(const std::string& path, std::size_t cap) const override;

 private:
  /// Both take a path relative to the tree itself. Null when it does not exist; valid until the next call.
  const git_tree* directory(const std::string& path) const;
  const git_tree_entry* entry(const std::string& path) const;

  std::string whole(const std::string& path) const;
  /// Null when the object is missing and that is allowed. May drop the directories that are kept.
  Tree load(const git_oid& oid, const std::string& path) const;
  void make_room_for(std::size_t bytes) const;
  bool may_be_missing(int code, const git_oid& oid) const;

  git_repository* repository_;
  git_oid root_;
  std::string prefix_;
  Missing* missing_;
  std::set<std::string>* noted_ = nullptr;
  Odb odb_;
  mutable std::unordered_map<std::string, Tree> directories_;
  mutable std::size_t bytes_ = 0;  ///< of their objects
};

}  // namespace greenwave::git
