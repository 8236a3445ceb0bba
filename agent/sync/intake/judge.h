#pragma once

#include <functional>
#include <string>
#include <vector>

#include "git/store.h"
#include "git/trust.h"
#include "model/commit_id.h"

namespace greenwave::sync {

/// A commit that has arrived, before the device accepts it.
struct Proposal {
  CommitId commit;
  CommitId accepted;  ///< the highest that was accepted before; empty: none
  std::string ref{};  ///< full name: a trailer of the commit must say that it is for this; empty: for any
  /// The files that differ between the two; all files if nothing was accepted before. Fetches the directories
  /// that it reads: call it only once the commit's signature has been verified.
  std::function<std::vector<std::string>()> changed;
};

/// What a signed commit changes, for a rule.
struct Change {
  const CommitId& commit;
  const git::Signer& signer;
  const std::vector<std::string>& paths;  ///< relative to the cluster's root, sorted
};

/// A rule on what a signer may change. Throws Error (untrusted) to refuse a change.
using Rule = std::function<void(const Change&)>;

/// A commit that was accepted.
struct Judgement {
  git::Signer signer;
  bool is_same = false;  ///< it is the one that was accepted before, under another id (git::CommitIdentity)
};

/// Throws Error (untrusted) unless an allowed key signed the proposed commit, it is for the ref, descends
/// from what was accepted before (or resets it), and every rule allows it. Both commits must be in the store;
/// without rules none of their files is read.
Judgement judge(const git::Store& store, const git::Trust& trust, const std::vector<Rule>& rules,
                const Proposal& proposal);

}  // namespace greenwave::sync
