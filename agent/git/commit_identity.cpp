#include "git/commit_identity.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "git/commit_object.h"
#include "git/library.h"
#include "git/signed_commit.h"
#include "git/sshsig.h"

namespace greenwave::git {

namespace {

/// Nothing for an object that is not a commit as Trust accepts it; such a one is known by its id.
std::optional<SignedCommit> parts_of(const Store& store, const CommitId& commit) {
  try {
    return take_apart(read_commit_object(store, commit));
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
    return {};
  }
}

/// The id of the same commit with the other signature that it may have.
std::optional<git_oid> mirrored_id(SignedCommit commit) {
  try {
    const auto mirrored = mirrored_signature(parse_ssh_signature(commit.signature));
    if (!mirrored) return {};
    commit.signature = armored(*mirrored);
  } catch (const Error&) {
    return {};
  }
  const auto object = put_together(commit);
  git_oid id{};
  if (git_odb_hash(&id, object.data(), object.size(), GIT_OBJECT_COMMIT) < 0) return {};
  return id;
}

}  // namespace

CommitIdentity::CommitIdentity(const Store& store, const CommitId& commit) : store_(store) {
  const auto id = to_oid(commit);
  names_.insert(id);
  if (!store.has(commit) || git_commit_lookup(Out(commit_), store.raw(), &id) < 0) return;
  const auto parts = parts_of(store, commit);
  if (!parts || parts->signature.empty()) return;
  payload_ = parts->payload;
  if (const auto other = mirrored_id(*parts)) {
    names_.insert(*other);
    twin_ = CommitId(to_hex(*other));
  }
}

bool CommitIdentity::is_named(std::string_view hex) const {
  return std::ranges::any_of(names_, [&](const git_oid& id) { return to_hex(id) == hex; });
}

bool CommitIdentity::is(const git_commit* other) const {
  if (is_named(*git_commit_id(other))) return true;
  if (payload_.empty() || git_commit_time(other) != git_commit_time(commit_.get()) ||
      !git_oid_equal(git_commit_tree_id(other), git_commit_tree_id(commit_.get()))) {
    return false;
  }
  const auto parts = parts_of(store_, CommitId(to_hex(*git_commit_id(other))));
  return parts && !parts->signature.empty() && parts->payload == payload_;
}

}  // namespace greenwave::git
