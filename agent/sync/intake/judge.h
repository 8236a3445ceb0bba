#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/path_rules.h"
#include "git/store.h"
#include "git/trust.h"
#include "model/commit_id.h"

namespace greenwave::sync {

/// A commit that has arrived, before the device accepts it.
struct Proposal {
  CommitId commit;
  CommitId accepted;  ///< the highest that was accepted before; empty: none
  std::string ref{};  ///< full name: a trailer of the commit must say that it is for this; empty: for any
  std::string directory{};  ///< the cluster's, in the repository
};

/// What commits are judged by.
struct Law {
  const git::Trust& trust;
  const std::vector<config::PathRule>& paths;
  bool tags = false;  ///< a signed tag may vouch for a commit (git::vouching_ref)
};

/// Brings what a judgement needs beyond the two commits. Asked only once the commit's signature has been
/// verified, and only for what a rule on paths needs.
struct Supply {
  std::function<void(const git::Missing& names)> trees;
  std::function<void(std::size_t generations)> history;  ///< of the proposed commit
  /// Asked before the commit's signature has been verified: instead of it.
  std::function<std::optional<std::string>(const std::string& ref)> tag{};
};

/// A commit that was accepted.
struct Judgement {
  git::Signer signer;
  bool is_same = false;  ///< it is the one that was accepted before, under another id (git::CommitIdentity)
};

/// Throws Error (untrusted) unless an allowed key signed the proposed commit, it is for the ref, descends
/// from what was accepted before (or resets it), and enough people approved what it changes at guarded paths
/// (git::Approvals). Both commits must be in the store; no file of theirs is read.
Judgement judge(const git::Store& store, const Law& law, const Proposal& proposal, const Supply& supply);

}  // namespace greenwave::sync
