#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "git/store.h"
#include "model/source_tree.h"

namespace greenwave::git {

/// Somebody's own repository, a checkout or a bare one, read only. One thread.
class Repository {
 public:
  /// Opens the repository that `inside` is, or lies in. Throws Error (invalid) when there is none.
  explicit Repository(const std::filesystem::path& inside);
  ~Repository();
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  /// Where `inside` lies from the top of the checkout on; "" for the top, and for a bare repository.
  const std::string& prefix() const { return prefix_; }

  /// The commit that a revision names ("HEAD~2", "main", "v1", an abbreviated name: gitrevisions(7)). Throws
  /// Error (invalid) with the branch or tag that was probably meant.
  std::string resolve(const std::string& revision) const;
  /// The best common ancestor of two commits; throws Error (invalid) when there is none.
  std::string merge_base(const std::string& one, const std::string& other) const;

  /// The files of a commit under `path`, as Store::tree gives them. This must outlive it.
  std::unique_ptr<SourceTree> tree(const std::string& commit, const std::string& path) const;

 private:
  std::vector<std::string> names() const;

  git_repository* repository_ = nullptr;
  std::string prefix_;
};

/// What git would name a file of these bytes.
std::string blob_oid(std::string_view bytes);
/// What git would name a directory of these items; submodules, whose commits are unknown, are left out.
std::string tree_oid(const std::vector<SourceTree::Item>& items);

}  // namespace greenwave::git
