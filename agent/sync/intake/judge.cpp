#include "sync/intake/judge.h"

#include "git/ancestry.h"

namespace greenwave::sync {

git::Signer judge(const git::Store& store, const git::Trust& trust, const std::vector<Rule>& rules,
                  const Proposal& proposal) {
  auto signer = trust.verify(store, proposal.commit);
  const auto& before = proposal.accepted;
  if (!before.empty() && before != proposal.commit) {
    const auto verdict = git::judge_move(store, before, proposal.commit);
    git::require_allowed(verdict, before, proposal.commit);
    if (!verdict.reset_by.empty()) trust.verify(store, verdict.reset_by);
  }
  if (rules.empty()) return signer;
  const auto paths = proposal.changed();
  for (const auto& rule : rules) rule({proposal.commit, signer, paths});
  return signer;
}

}  // namespace greenwave::sync
