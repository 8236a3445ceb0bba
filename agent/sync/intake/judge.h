#pragma once

#include <functional>
#include <string>
#include <vector>

#include "git/store.h"
#include "git/trust.h"
#include "model/commit_id.h"

namespace greenwave::sync {

/// A commit that came, before the device takes it.
struct Proposal {
  CommitId commit;
  CommitId accepted;  ///< the highest that was accepted before; empty: none
  /// The files that differ between both, or all of them where nothing was accepted before. Brings the
  /// directories that it reads: the commit's signature is to be good by then.
  std::function<std::vector<std::string>()> changed;
};

/// What a signed commit changes, for a rule.
struct Change {
  const CommitId& commit;
  const git::Signer& signer;
  const std::vector<std::string>& paths;  ///< relative to the cluster's root, sorted
};

/// A rule on what a signer may change: throws Error (untrusted) to refuse it.
using Rule = std::function<void(const Change&)>;

/// Who signed it. Throws Error (untrusted) unless it is signed by an allowed key, neither behind nor beside
/// what was accepted before, and allowed by every rule. Both commits are looked up in the store; of their
/// files nothing is read without a rule.
git::Signer judge(const git::Store& store, const git::Trust& trust, const std::vector<Rule>& rules,
                  const Proposal& proposal);

}  // namespace greenwave::sync
