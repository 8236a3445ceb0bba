#include "git/commit_identity.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "git/commit_object.h"
#include "git/library.h"
#include "git/signed_commit.h"
#include "git/sshsig.h"

namespace greenwave::git {

namespace {

/// As many as other_forms() makes at most.
constexpr std::array<const char*, 2> form_refs{"form-1", "form-2"};

/// Nothing for what is not a commit as Trust reads it; such a one is known by its id.
std::optional<std::string> object_of(const Store& store, const CommitId& commit) {
  try {
    return read_commit_object(store, commit);
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
    return {};
  }
}

std::string payload_of(std::string_view object) {
  try {
    const auto parts = take_apart(object);
    return parts.signature.empty() ? "" : parts.payload;
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::vector<std::string> other_forms(std::string_view object) {
  std::vector<std::string> forms;
  const auto add = [&](SignedCommit commit, const SshSignature& signature) {
    commit.signature = armored(signature);
    if (auto form = put_together(commit); form != object) forms.push_back(std::move(form));
  };
  try {
    const auto commit = take_apart(object);
    if (commit.signature.empty()) return forms;
    const auto signature = read_loose_signature(commit.signature);
    add(commit, signature);
    if (const auto mirrored = mirrored_signature(signature)) add(commit, *mirrored);
  } catch (const Error&) {
    // Nobody can take it for another one.
  }
  return forms;
}

std::vector<CommitId> keep_other_forms(Store& store, const CommitId& commit) {
  std::vector<CommitId> ids;
  const auto object = store.has(commit) ? object_of(store, commit) : std::nullopt;
  Odb odb;
  if (git_repository_odb(Out(odb), store.raw()) < 0) throw failure(Fault::damaged, "open the git store");
  const Durably durably;
  for (const auto& form : object ? other_forms(*object) : std::vector<std::string>()) {
    git_oid id{};
    if (git_odb_write(&id, odb.get(), form.data(), form.size(), GIT_OBJECT_COMMIT) < 0) {
      throw failure(Fault::damaged, fmt::format("write another form of commit {}", commit.text()));
    }
    ids.emplace_back(to_hex(id));
    store.keep(form_refs.at(ids.size() - 1), ids.back());
  }
  for (auto i = ids.size(); i < form_refs.size(); ++i) {
    if (!store.kept_as(form_refs.at(i)).empty()) store.forget(form_refs.at(i));
  }
  return ids;
}

CommitIdentity::CommitIdentity(const Store& store, const CommitId& commit) : store_(store) {
  const auto id = to_oid(commit);
  names_.insert(id);
  if (!store.has(commit) || git_commit_lookup(Out(commit_), store.raw(), &id) < 0) return;
  const auto object = object_of(store, commit);
  if (!object) return;
  payload_ = payload_of(*object);
  for (const auto& form : other_forms(*object)) {
    git_oid other{};
    if (git_odb_hash(&other, form.data(), form.size(), GIT_OBJECT_COMMIT) == 0) names_.insert(other);
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
  const auto object = object_of(store_, CommitId(to_hex(*git_commit_id(other))));
  return object && payload_of(*object) == payload_;
}

}  // namespace greenwave::git
