#include "sync/intake/judge.h"

#include "git/ancestry.h"

namespace greenwave::sync {

git::Signer judge(const git::Store& store, const git::Trust& trust, const Proposal& proposal) {
  auto signer = trust.verify(store, proposal.commit);
  const auto& before = proposal.accepted;
  if (!before.empty() && before != proposal.commit) {
    const auto verdict = git::judge_move(store, before, proposal.commit);
    git::require_allowed(verdict, before, proposal.commit);
    if (!verdict.reset_by.empty()) trust.verify(store, verdict.reset_by);
  }
  return signer;
}

}  // namespace greenwave::sync
