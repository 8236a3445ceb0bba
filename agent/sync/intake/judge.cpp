#include "sync/intake/judge.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "git/ancestry.h"
#include "git/approvals.h"
#include "git/signed_tag.h"
#include "git/trailers.h"

namespace greenwave::sync {

namespace {

constexpr std::size_t recent_generations = 100;

/// Approvals of a step, for which what is missing is brought.
class Gathering {
 public:
  Gathering(git::Approvals& approvals, bool is_first, const Supply& supply)
      : approvals_(approvals), supply_(supply) {
    // A new device needs no more than shows enough approvals; another one needs to know what is old.
    if (is_first) depths_.push_back(recent_generations);
    depths_.push_back(git::most_history);
  }

  std::vector<git::PathApproval> run() {
    for (;;) {
      auto found = approvals_.judge();
      const bool is_enough = std::ranges::all_of(found, [](const auto& one) { return one.missing() == 0; });
      if (is_enough || !bring_more()) return found;
    }
  }

 private:
  /// False if there is no more.
  bool bring_more() {
    const auto wanted = approvals_.wanted();
    if (!wanted.empty()) {
      if (wanted == brought_) {
        throw Error(Fault::transient, fmt::format("the server did not send directory {}", *wanted.begin()),
                    "check the repository on the server with: git fsck");
      }
      supply_.trees(wanted);
      brought_ = wanted;
      return true;
    }
    if (!approvals_.lacks_history() || next_depth_ == depths_.size()) return false;
    supply_.history(depths_[next_depth_++]);
    approvals_.read_history_again();
    return true;
  }

  git::Approvals& approvals_;
  const Supply& supply_;
  git::Missing brought_;
  std::vector<std::size_t> depths_;
  std::size_t next_depth_ = 0;
};

void require_approvals(git::Approvals& approvals, const Proposal& proposal, const Supply& supply) {
  const auto found = Gathering(approvals, proposal.accepted.empty(), supply).run();
  const auto missing = git::missing_approvals(found);
  if (missing.empty()) return;
  std::string limit;
  if (approvals.is_too_long()) {
    limit = fmt::format(" (of its history, only {} commits were looked at)", git::most_history);
  } else if (approvals.lacks_history()) {
    limit = " (a part of its history is missing, and was not looked at)";
  }
  throw Error(Fault::untrusted, fmt::format("commit {} {}{}", proposal.commit.text(), missing, limit),
              "who approves signs a commit on top of it: git commit --allow-empty -S -m Approve, and pushes");
}

/// Who vouches for a commit, and by which message.
struct Vouched {
  git::Signer signer;
  std::optional<std::string> message{};  ///< of a tag; nothing: the commit's own
};

Vouched verify(const git::Store& store, const Law& law, const CommitId& commit, const Supply& supply) {
  try {
    return {law.trust.verify(store, commit)};
  } catch (const Error& error) {
    if (error.fault() != Fault::untrusted || !law.tags) throw;
    const auto ref = git::vouching_ref(commit);
    const auto tag = supply.tag(ref);
    if (!tag) {
      throw Error(Fault::untrusted, fmt::format("{}, and there is no tag {}", error.message(), ref),
                  "sign the tag: greenwave promote --sign, or git -c gpg.format=ssh tag -s");
    }
    auto signer = law.trust.verify_tag(*tag, commit);
    return {std::move(signer), git::take_tag_apart(*tag).message};
  }
}

void require_ref(const git::Store& store, const Vouched& vouched, const Proposal& proposal) {
  if (proposal.ref.empty()) return;
  if (vouched.message) return git::require_for_ref(*vouched.message, proposal.commit, proposal.ref);
  git::require_for_ref(store, proposal.commit, proposal.ref);
}

}  // namespace

Judgement judge(const git::Store& store, const Law& law, const Proposal& proposal, const Supply& supply) {
  auto vouched = verify(store, law, proposal.commit, supply);
  require_ref(store, vouched, proposal);
  Judgement judgement{.signer = std::move(vouched.signer)};
  const auto& before = proposal.accepted;
  git::Step step{.accepted = before, .tip = proposal.commit, .directory = proposal.directory};
  if (!before.empty() && before != proposal.commit) {
    const auto verdict = git::judge_move(store, before, proposal.commit);
    git::require_allowed(verdict, before, proposal.commit);
    if (!verdict.reset_by.empty()) law.trust.verify(store, verdict.reset_by);
    judgement.is_same = verdict.move == git::Move::same;
    step.reset_by = verdict.reset_by;
  }
  if (law.paths.empty()) return judgement;
  git::Approvals approvals(store.raw(), law.trust, law.paths, step);
  require_approvals(approvals, proposal, supply);
  return judgement;
}

}  // namespace greenwave::sync
