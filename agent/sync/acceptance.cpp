#include "sync/acceptance.h"

#include "base/error.h"
#include "git/ancestry.h"
#include "state/keys.h"

namespace greenwave::sync {

namespace {

constexpr const char* accepted_ref = "accepted";

}  // namespace

std::string Acceptance::known(const git::Store& store) const {
  const auto remembered = state_.value(state::keys::accepted).value_or("");
  return remembered.empty() ? store.kept_as(accepted_ref) : remembered;
}

void Acceptance::fetch_known(git::Transport& from, git::Store& store) const {
  if (trust_ == nullptr) return;
  const auto commit = known(store);
  if (commit.empty() || store.has(commit)) return;
  try {
    from.fetch(commit, store, git::commit_alone);
    store.keep(accepted_ref, commit);
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
  }
}

void Acceptance::judge(git::Store& store, const std::string& commit) {
  if (trust_ == nullptr) {
    if (!known(store).empty()) state_.set_value(state::keys::accepted, "");
    return store.forget(accepted_ref);
  }
  trust_->verify(store, commit);
  const auto before = known(store);
  if (!before.empty() && before != commit) {
    const auto verdict = git::judge_move(store, before, commit);
    git::require_allowed(verdict, before, commit);
    if (!verdict.reset_by.empty()) trust_->verify(store, verdict.reset_by);
  }
  state_.set_value(state::keys::accepted, commit);
  store.keep(accepted_ref, commit);
}

}  // namespace greenwave::sync
