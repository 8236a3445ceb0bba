#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "config/config.h"
#include "daemon/status.h"
#include "state/state.h"
#include "sync/sync.h"

namespace greenwave::daemon {

/// What the agent says of itself at any time. Thread-safe.
class StatusBoard {
 public:
  explicit StatusBoard(const Clock& clock) : clock_(clock), heard_(clock.tick()) {}

  /// A copy; its pause as it stands now.
  Status read() const;

  /// The agent works with this from now on. What the state knows of earlier syncs is shown.
  void opened(const config::Config& config, const state::State& state, std::vector<std::string> notes,
              const sync::Standing& standing);
  /// "polling https://…"; the first word is shown.
  void entered(std::string_view phase);
  /// A sync ended, `received` bytes from the network later.
  void ended(const sync::Result& result, std::vector<std::string> notes, std::uint64_t received);
  void planned(Time next_sync);
  void paused(const std::optional<state::Pause>& pause);
  /// Shown after the notes until the next one; empty: nothing.
  void remark(std::string text);

 private:
  /// The repository answered just now.
  void hear() REQUIRES(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  Status status_ GUARDED_BY(mutex_);
  std::string remark_ GUARDED_BY(mutex_);
  Instant heard_ GUARDED_BY(mutex_);  ///< when it last did, or the agent started
  bool has_heard_ GUARDED_BY(mutex_) = false;
};

}  // namespace greenwave::daemon
