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

/// Who signed the proposed commit. Throws Error (untrusted) unless an allowed key signed it, it descends from
/// what was accepted before (or resets it), and every rule allows it. Both commits must be in the store;
/// without rules none of their files is read.
git::Signer judge(const git::Store& store, const git::Trust& trust, const std::vector<Rule>& rules,
                  const Proposal& proposal);

}  // namespace greenwave::sync
