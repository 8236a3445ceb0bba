#pragma once

#include <memory>
#include <string>

#include "git/repository.h"
#include "model/source_tree.h"

namespace greenwave::cli {

/// The files of a city: a directory on disk, or a commit of a repository without a checkout.
class CitySource {
 public:
  /// `named` is "DIR", "REPO@REV" or "@REV" (of the repository here). `path` is the cluster's directory in
  /// it; in a commit it is relative to the named directory. Throws Error (invalid).
  static CitySource open(const std::string& named, const std::string& path);
  /// A commit of `repository`, which must outlive it.
  static CitySource commit(const git::Repository& repository, const CommitId& id, const std::string& path);

  const SourceTree& tree() const { return *tree_; }
  /// Put before a path of the tree, it gives a path that people can open.
  const std::string& shown_prefix() const { return shown_prefix_; }
  /// The same from the top of the repository, as CI systems need it.
  const std::string& repository_prefix() const { return repository_prefix_; }

 private:
  CitySource() = default;

  std::unique_ptr<git::Repository> repository_;
  std::unique_ptr<SourceTree> tree_;
  std::string shown_prefix_;
  std::string repository_prefix_;
};

/// A commit, and the repository that has it.
struct NamedCommit {
  std::unique_ptr<git::Repository> repository;
  CommitId commit;
};

/// The commit that CitySource::open() reads; of a directory, its repository's HEAD. Throws Error (invalid).
NamedCommit commit_named(const std::string& named);

/// "base/" for "base" or "base/".
std::string as_prefix(const std::string& directory);

/// Two commits to compare: "BASE..HEAD", "BASE...HEAD" (from their merge base), "BASE" (to the files on
/// disk).
struct Range {
  std::string base;
  std::string head;  ///< empty: the files on disk
  bool from_merge_base = false;
};

/// Throws Error (invalid).
Range parse_range(const std::string& text);

}  // namespace greenwave::cli
