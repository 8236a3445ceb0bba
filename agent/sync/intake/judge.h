#pragma once

#include "git/store.h"
#include "git/trust.h"
#include "model/commit_id.h"
#include "model/source_tree.h"

namespace greenwave::sync {

/// A commit that came, before the device takes it.
struct Proposal {
  CommitId commit;
  CommitId accepted;  ///< the highest that was accepted before; empty: none
  /// The files of both, as far as they have come: a rule that reads more has to have it brought.
  const SourceTree* before = nullptr;  ///< null: there is none
  const SourceTree* after = nullptr;
};

/// Who signed it. Throws Error (untrusted) unless it is signed by an allowed key, and neither behind nor
/// beside what was accepted before. Both commits are looked up in the store.
git::Signer judge(const git::Store& store, const git::Trust& trust, const Proposal& proposal);

}  // namespace greenwave::sync
