#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "git/handle.h"
#include "git/kept_objects.h"
#include "git/store.h"

namespace greenwave::git {

/// A commit as its signature covers it: tree, parents, people and message.
///
/// A commit's id also covers the signature itself, which whoever serves the commit can write in another way:
/// ECDSA has two signatures for each that is made, and agents before this one accepted other forms as well.
/// The id alone therefore says neither that two commits differ, nor that one is not an ancestor of the other.
/// Commits that descend from one are signed with its genuine id, so that a variant has none.
class CommitIdentity {
 public:
  /// A commit that is not in the store is known by its id alone. Throws Error (damaged).
  CommitIdentity(const Store& store, const CommitId& commit);

  /// Whether it may be called this, whether or not the store has that.
  bool is_named(const git_oid& id) const { return names_.contains(id); }
  bool is_named(std::string_view hex) const;
  /// Whether the other one is it: with the same id, or with what its signature covers the same.
  bool is(const git_commit* other) const;

 private:
  const Store& store_;
  std::set<git_oid, OidLess> names_;
  RawCommit commit_;
  std::string payload_;
};

/// The other objects that a signed commit may be to others: in the form that Trust accepts, with either of
/// the two signatures that ECDSA has. For a commit in that form: one where its key is an ECDSA key, else
/// none.
std::vector<std::string> other_forms(std::string_view object);

/// Puts the other forms of a commit into the store, so that servers that know only one of them can tell what
/// the device has. Returns their ids; keeps them until the next call. Throws Error (damaged).
std::vector<CommitId> keep_other_forms(Store& store, const CommitId& commit);

}  // namespace greenwave::git
