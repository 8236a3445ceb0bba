#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/mutex.h"
#include "daemon/open_state.h"

namespace greenwave::daemon {

/// Begins and ends pauses, and writes them into the history. Thread-safe.
class Pauses {
 public:
  /// `changed` is told of the pause that stands from now on, on the thread that changed it.
  Pauses(const OpenState& state, const Clock& clock, const Log& log,
         std::function<void(const std::optional<state::Pause>&)> changed)
      : state_(state), clock_(clock), log_(log), changed_(std::move(changed)) {}

  /// Throws Error (invalid) for one that is too long.
  void begin(Duration duration, const std::string& who, const std::string& reason);
  /// Throws Error (conflict) where there is none.
  void end(const std::string& who);
  /// The pause as it is now. One whose time is over ends here.
  std::optional<state::Pause> standing();

 private:
  void record(state::Trigger trigger, const std::string& who, const std::string& reason);

  const OpenState& state_;
  const Clock& clock_;
  const Log& log_;
  const std::function<void(const std::optional<state::Pause>&)> changed_;
  Mutex mutex_;  ///< held from a look at the pause to its change: a new one must not end with the old one
};

}  // namespace greenwave::daemon
