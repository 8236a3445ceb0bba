#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "git/store.h"
#include "model/source_tree.h"

namespace greenwave::git {

/// A git repository that Greenwave does not own, a checkout or a bare one; read-only. One thread.
class Repository {
 public:
  /// Opens the repository at or above `inside`. Throws Error (invalid) when there is none.
  explicit Repository(const std::filesystem::path& inside);
  ~Repository();
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  git_repository* raw() const { return repository_; }

  /// Its branches, tags, and branches of remotes; the first 1,000.
  std::vector<std::string> names() const;

  /// The path of `inside` relative to the top of the checkout; "" for the top, and for a bare repository.
  const std::string& prefix() const { return prefix_; }

  /// The commit that a revision names ("HEAD~2", "main", "v1", an abbreviated id: gitrevisions(7)). Throws
  /// Error (invalid) that suggests the branch or tag that was probably meant.
  CommitId resolve(const std::string& revision) const;
  /// The best common ancestor of two commits; throws Error (invalid) when there is none.
  CommitId merge_base(const CommitId& one, const CommitId& other) const;

  /// The files of a commit under `path`, like Store::tree. This must outlive the tree.
  std::unique_ptr<SourceTree> tree(const CommitId& commit, const std::string& path) const;

 private:
  git_repository* repository_ = nullptr;
  std::string prefix_;
};

/// As Repository::prefix().
std::string prefix_in(git_repository* repository, const std::filesystem::path& inside);

/// The id that git would give a file with these bytes.
std::string blob_oid(std::string_view bytes);
/// The id that git would give a directory with these items, without submodules, whose commits are unknown.
std::string tree_oid(const std::vector<SourceTree::Item>& items);

}  // namespace greenwave::git
