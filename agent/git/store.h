#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "model/commit_id.h"
#include "model/source_tree.h"

struct git_repository;

namespace greenwave::git {

/// Starts libgit2 and sets its memory limits (its defaults are far too high for a small device). Once per
/// process.
void initialize();

struct Commit {
  CommitId id;
  std::string subject;
  std::string author;  ///< name only
  Time time{};
};

/// Names of objects that were looked up but are not in the store.
using Missing = std::set<std::string>;

/// The device's bare repository: an object database without a checkout. One thread.
class Store {
 public:
  /// Opens or creates it. Throws Error (damaged) when an existing store cannot be read.
  explicit Store(std::filesystem::path directory);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  git_repository* raw() const { return repository_; }

  bool has(const CommitId& commit) const;
  Commit commit(const CommitId& id) const;
  /// Those that a commit names, whether they are here or not; the first is the one that it was made on.
  std::vector<CommitId> parents(const CommitId& id) const;
  /// The files of a commit under `path` ("" for all). Throws Error: invalid when the commit has no such
  /// directory, damaged when an object cannot be read. The Store must outlive it.
  std::unique_ptr<SourceTree> tree(const CommitId& commit, const std::string& path) const;

  /// Like tree, for when objects may not have arrived yet: those that are not found are added to `missing`,
  /// and read as empty. `missing` must outlive the tree.
  std::unique_ptr<SourceTree> partial_tree(const CommitId& commit, const std::string& path,
                                           Missing& missing) const;

  /// The commits that are kept.
  std::vector<CommitId> kept() const;

  /// Keeps a commit (and what it needs) reachable under refs/greenwave/NAME, so that tidy() does not drop it.
  /// Writes nothing when the ref already points there.
  void keep(const std::string& name, const CommitId& commit);

  /// The commit that keep() last got for `name`; empty if there is none.
  CommitId kept_as(const std::string& name) const;
  /// Undoes keep().
  void forget(const std::string& name);

  /// Renames a damaged store to DIRECTORY.damaged (replacing an older one), so that a new one can be created.
  static void set_aside(const std::filesystem::path& directory);

 private:
  std::filesystem::path directory_;
  Fd lock_;  ///< on the directory, while this process may write to it
  git_repository* repository_ = nullptr;
};

}  // namespace greenwave::git
