#pragma once

#include <cstddef>
#include <functional>

#include <git2.h>

#include "git/store.h"

namespace greenwave::git {

struct OidLess {
  bool operator()(const git_oid& a, const git_oid& b) const { return git_oid_cmp(&a, &b) < 0; }
};

/// Calls `visit` once for each object that is in somebody's repository and that the commit needs, its
/// ancestors left out: the commit, its trees and its files, with the last part of the path (or ""). Throws
/// Error (transient) when an object cannot be read.
void visit_commit(git_repository* repository, const git_oid& commit,
                  const std::function<void(const git_oid&, const char*)>& visit);

/// Calls `visit` once for each object that is in the store and that the commits under refs/greenwave/ need,
/// with the last part of its path (or ""). Of their ancestors only those are among them that lie between two
/// kept commits, without their files: they show that one descends from the other. Transports tell servers so
/// ("shallow"). What a partial store doesn't have is passed over. Gives the number of kept commits found.
/// Throws Error (damaged) when an object cannot be read.
std::size_t visit_kept(const Store& store, const std::function<void(const git_oid&, const char*)>& visit);

/// Whether the commit is there with all its trees and files. Reads its trees.
bool holds_all(const Store& store, const std::string& commit);

}  // namespace greenwave::git
