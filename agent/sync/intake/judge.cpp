#include "sync/intake/judge.h"

#include "git/ancestry.h"
#include "git/trailers.h"

namespace greenwave::sync {

Judgement judge(const git::Store& store, const git::Trust& trust, const std::vector<Rule>& rules,
                const Proposal& proposal) {
  Judgement judgement{.signer = trust.verify(store, proposal.commit)};
  if (!proposal.ref.empty()) git::require_for_ref(store, proposal.commit, proposal.ref);
  const auto& before = proposal.accepted;
  if (!before.empty() && before != proposal.commit) {
    const auto verdict = git::judge_move(store, before, proposal.commit);
    git::require_allowed(verdict, before, proposal.commit);
    if (!verdict.reset_by.empty()) trust.verify(store, verdict.reset_by);
    judgement.is_same = verdict.move == git::Move::same;
  }
  if (rules.empty()) return judgement;
  const auto paths = proposal.changed();
  for (const auto& rule : rules) rule({proposal.commit, judgement.signer, paths});
  return judgement;
}

}  // namespace greenwave::sync
