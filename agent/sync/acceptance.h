#pragma once

#include <string>

#include "git/store.h"
#include "git/transport.h"
#include "git/trust.h"
#include "state/state.h"

namespace greenwave::sync {

/// Which commits this device accepts: signed by an allowed key, and never behind or beside the highest one
/// that was accepted before. That one is remembered durably, in the state and once more as a ref of the
/// store, so that neither a server nor a reboot nor the loss of one of them can take the device back.
class Acceptance {
 public:
  /// `trust` null: every commit is accepted, and none is remembered; when trust comes (again), it begins
  /// anew. Both must outlive this.
  Acceptance(state::State& state, const git::Trust* trust) : state_(state), trust_(trust) {}

  /// Brings what judge() compares with into a store that lacks it: one that was made anew. A server that
  /// doesn't give it leaves the judgement to say so.
  void fetch_known(git::Transport& from, git::Store& store) const;

  /// Throws Error (untrusted) unless the commit, which must be in the store, is accepted; then remembers it.
  void judge(git::Store& store, const std::string& commit);

 private:
  std::string known(const git::Store& store) const;

  state::State& state_;
  const git::Trust* trust_;
};

}  // namespace greenwave::sync
