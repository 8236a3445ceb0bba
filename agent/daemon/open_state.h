#pragma once

#include <memory>
#include <utility>

#include "base/mutex.h"
#include "state/state.h"
#include "sync/objects.h"

namespace greenwave::daemon {

/// The state that the agent works with, and what knows more of its objects, for any thread. Shared, since a
/// control request may still read it while a damaged one is replaced.
class OpenState {
 public:
  void replace(std::shared_ptr<state::State> state, sync::Describe describe) {
    const Lock lock(mutex_);
    state_ = std::move(state);
    describe_ = std::move(describe);
  }
  std::shared_ptr<state::State> get() const {
    const Lock lock(mutex_);
    return state_;
  }
  sync::Describe describe() const {
    const Lock lock(mutex_);
    return describe_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<state::State> state_ GUARDED_BY(mutex_);
  sync::Describe describe_ GUARDED_BY(mutex_);
};

}  // namespace greenwave::daemon
