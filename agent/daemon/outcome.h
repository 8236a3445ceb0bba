#pragma once

#include "config/config.h"
#include "daemon/status.h"
#include "sync/sync.h"

namespace greenwave::daemon {

/// What came of a request, or of an interval.
struct Outcome {
  const config::Config& config;
  const Status& status;
  const sync::Result* sync;  ///< null: the status changed without a sync, by a pause for one
};

/// Is told of every outcome: the metrics, for one. The history is none of them, since a sync records itself
/// together with what it did.
class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;
  /// Called on the thread that syncs. An Error ends the agent.
  virtual void take(const Outcome& outcome) = 0;
};

}  // namespace greenwave::daemon
