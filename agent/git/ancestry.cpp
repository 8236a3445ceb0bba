#include "git/ancestry.h"

#include <algorithm>
#include <queue>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "git/commit_identity.h"
#include "git/handle.h"
#include "git/kept_objects.h"
#include "git/library.h"
#include "git/trailers.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_commits = 50'000;
constexpr const char* trailer_key = "Greenwave-Reset";

/// Walks a commit's ancestors, newest first (by committer date), which finds a recent one without reading a
/// long history.
class Walk {
 public:
  Walk(const Store& store, const CommitId& start) : store_(store) {
    add(to_oid(start));
    if (is_cut_) {
      throw Error(Fault::damaged, fmt::format("commit {} is missing from the store", start.text()),
                  std::string(damaged_store_remedy));
    }
  }

  /// The next commit, or null at the end. Queues its parents.
  RawCommit next() {
    if (queue_.empty()) return {};
    const auto oid = queue_.top().oid;
    queue_.pop();
    auto commit = lookup(oid);
    for (unsigned i = 0; commit && i < git_commit_parentcount(commit.get()); ++i) {
      add(*git_commit_parent_id(commit.get(), i));
    }
    return commit;
  }

  /// Whether there are ancestors that the walk did not visit.
  bool is_cut() const { return is_cut_; }

 private:
  struct Waiting {
    git_time_t time;
    git_oid oid;
    bool operator<(const Waiting& other) const { return time < other.time; }
  };

  RawCommit lookup(const git_oid& oid) const {
    RawCommit commit;
    const int code = git_commit_lookup(Out(commit), store_.raw(), &oid);
    if (code == GIT_ENOTFOUND) return {};
    if (code < 0) {
      throw failure(Fault::damaged, fmt::format("read commit {}", to_hex(oid)), damaged_store_remedy);
    }
    return commit;
  }

  void add(const git_oid& oid) {
    if (seen_.size() >= most_commits) {
      is_cut_ = true;
      return;
    }
    if (!seen_.insert(oid).second) return;
    if (const auto commit = lookup(oid)) {
      queue_.push({git_commit_time(commit.get()), oid});
    } else {
      is_cut_ = true;
    }
  }

  const Store& store_;
  std::priority_queue<Waiting> queue_;
  std::set<git_oid, OidLess> seen_;
  bool is_cut_ = false;
};

bool gives_up(const git_commit* commit, const CommitIdentity& old) {
  const auto given_up = trailers_of(commit, trailer_key);
  return std::ranges::any_of(given_up, [&](const std::string& hex) { return old.is_named(hex); });
}

/// A parent counts even if the store does not have it: the commit names it.
bool has_parent(const git_commit* commit, const CommitIdentity& parent) {
  for (unsigned i = 0; i < git_commit_parentcount(commit); ++i) {
    if (parent.is_named(*git_commit_parent_id(commit, i))) return true;
  }
  return false;
}

/// Whether `old` is an ancestor of `start`, as far as the store knows.
bool descends(const Store& store, const CommitId& start, const CommitId& old) {
  const CommitIdentity ancestor(store, old);
  Walk walk(store, start);
  while (const auto commit = walk.next()) {
    if (has_parent(commit.get(), ancestor) || ancestor.is(commit.get())) return true;
  }
  return false;
}

}  // namespace

MoveVerdict judge_move(const Store& store, const CommitId& from, const CommitId& to) {
  if (from == to) return {Move::same};
  const CommitIdentity old(store, from);
  Walk walk(store, to);
  bool is_first = true;
  while (const auto commit = walk.next()) {
    if (old.is(commit.get())) return {is_first ? Move::same : Move::forward};
    if (has_parent(commit.get(), old)) return {Move::forward};
    if (gives_up(commit.get(), old)) return {Move::reset, CommitId(to_hex(*git_commit_id(commit.get())))};
    is_first = false;
  }
  if (store.has(from) && descends(store, from, to)) return {Move::backward};
  return {walk.is_cut() ? Move::unknown : Move::sideways};
}

void require_allowed(const MoveVerdict& verdict, const CommitId& from, const CommitId& to) {
  std::string_view how;
  switch (verdict.move) {
    case Move::same:
    case Move::forward:
    case Move::reset:
      return;
    case Move::backward:
      how = "is older than";
      break;
    case Move::sideways:
      how = "does not descend from";
      break;
    case Move::unknown:
      how = "is not known to descend from";
      break;
  }
  throw Error(
      Fault::untrusted,
      fmt::format("commit {} {} {}, which was accepted before", to.text(), how, from.text()),
      fmt::format("push a commit on top of {}, or, to abandon it, a signed one with the trailer \"{}: {}\"",
                  from.shortened(), trailer_key, from.text()));
}

void require_not_older(const Store& store, const CommitId& from, const CommitId& to) {
  if (from.empty() || from == to || !store.has(from)) return;
  const auto verdict = judge_move(store, from, to);
  const bool is_known =
      verdict.move == Move::same || verdict.move == Move::forward || verdict.move == Move::reset;
  const bool is_earlier = store.commit(to).time < store.commit(from).time;
  if (is_known || (verdict.move != Move::backward && !is_earlier)) return;
  throw Error(Fault::untrusted,
              fmt::format("commit {} is older than {}, which the device has", to.text(), from.text()),
              "carry a newer one to the device, or, to go back on purpose, use --force");
}

}  // namespace greenwave::git
