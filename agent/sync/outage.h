#pragma once

#include <optional>

#include "base/clock.h"
#include "state/state.h"

namespace greenwave::sync {

/// Since when the repository can't be reached. Durable, so that a restart in the middle of an outage doesn't
/// make it look short; written when an outage begins and when it ends.
class Outage {
 public:
  /// `state` outlives this.
  explicit Outage(state::State& state);

  const std::optional<Time>& since() const { return since_; }
  void goes_on(Time now);
  void ends();

 private:
  state::State& state_;
  std::optional<Time> since_;
};

}  // namespace greenwave::sync
