#pragma once

#include <cstddef>
#include <functional>

#include <git2.h>

#include "git/store.h"

namespace greenwave::git {

struct OidLess {
  bool operator()(const git_oid& a, const git_oid& b) const { return git_oid_cmp(&a, &b) < 0; }
};

/// Calls `visit` once for each object that the commit needs in the given repository, without its ancestors:
/// the commit, its trees and its files, with the last component of the path (or ""). Throws Error (transient)
/// when an object cannot be read.
void visit_commit(git_repository* repository, const git_oid& commit,
                  const std::function<void(const git_oid&, const char*)>& visit);

/// Calls `visit` once for each object in the store that the commits under refs/greenwave/ need, with the last
/// component of its path (or ""). Ancestors are included, without their files, only if they are between two
/// kept commits: they show that one descends from the other. Transports report this to servers ("shallow").
/// Skips what a partial store lacks. Returns the number of kept commits found. Throws Error (damaged) when an
/// object cannot be read.
std::size_t visit_kept(const Store& store, const std::function<void(const git_oid&, const char*)>& visit);

/// Whether the store has the commit with all its trees and files. Reads its trees.
bool holds_all(const Store& store, const CommitId& commit);

}  // namespace greenwave::git
