#pragma once

#include <memory>

#include <git2.h>

#include "base/handle.h"

namespace greenwave::git {

/// Owners of libgit2 objects: no other code calls a git_*_free.
using FilterList = std::unique_ptr<git_filter_list, Freed<git_filter_list_free>>;
using Index = std::unique_ptr<git_index, Freed<git_index_free>>;
using Object = std::unique_ptr<git_object, Freed<git_object_free>>;
using Odb = std::unique_ptr<git_odb, Freed<git_odb_free>>;
using OdbObject = std::unique_ptr<git_odb_object, Freed<git_odb_object_free>>;
using PackBuilder = std::unique_ptr<git_packbuilder, Freed<git_packbuilder_free>>;
using RawCommit = std::unique_ptr<git_commit, Freed<git_commit_free>>;
using RawRepository = std::unique_ptr<git_repository, Freed<git_repository_free>>;
using Reference = std::unique_ptr<git_reference, Freed<git_reference_free>>;
using ReferenceIterator = std::unique_ptr<git_reference_iterator, Freed<git_reference_iterator_free>>;
using Remote = std::unique_ptr<git_remote, Freed<git_remote_free>>;
using Revwalk = std::unique_ptr<git_revwalk, Freed<git_revwalk_free>>;
using Tree = std::unique_ptr<git_tree, Freed<git_tree_free>>;

struct Buffer {
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { git_buf_dispose(&raw); }

  git_buf raw = GIT_BUF_INIT;
};

/// Adapts a handle to libgit2's out-parameters: `git_tree_lookup(Out(tree), …)`. The handle is set at the end
/// of the full expression, not before.
template <typename Handle>
class Out {
 public:
  explicit Out(Handle& handle) : handle_(handle) {}
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  ~Out() { handle_.reset(raw_); }

  operator typename Handle::pointer *() { return &raw_; }

 private:
  Handle& handle_;
  typename Handle::pointer raw_ = nullptr;
};

}  // namespace greenwave::git
