#pragma once

#include <memory>
#include <string>

#include "git/repository.h"
#include "model/source_tree.h"

namespace greenwave::cli {

/// The files of a city: a directory as it lies on disk, or a commit of a repository without a checkout.
class CitySource {
 public:
  /// Takes "DIR", "REPO@REV" or "@REV" (of the repository here). `path` is the directory of the cluster
  /// within; in a commit it counts from the directory that was named. Throws Error (invalid).
  static CitySource open(const std::string& named, const std::string& path);
  /// A commit of `repository`, which must outlive it.
  static CitySource commit(const git::Repository& repository, const std::string& oid,
                           const std::string& path);

  const SourceTree& tree() const { return *tree_; }
  /// What people click on to get to a file: goes before a path of the tree.
  const std::string& shown_prefix() const { return shown_prefix_; }
  /// From the top of the repository, as CI systems want it.
  const std::string& repository_prefix() const { return repository_prefix_; }

 private:
  CitySource() = default;

  std::unique_ptr<git::Repository> repository_;
  std::unique_ptr<SourceTree> tree_;
  std::string shown_prefix_;
  std::string repository_prefix_;
};

/// "base" or "base/" before a path: "base/".
std::string as_prefix(const std::string& directory);

/// Two commits to compare: "BASE..HEAD", "BASE...HEAD" (from where they parted), "BASE" (to the files on
/// disk).
struct Range {
  std::string base;
  std::string head;  ///< empty: the files on disk
  bool from_merge_base = false;
};

/// Throws Error (invalid).
Range parse_range(const std::string& text);

}  // namespace greenwave::cli
