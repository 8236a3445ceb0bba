#pragma once

#include <thread>

#include "base/log.h"
#include "git/fetch_progress.h"

namespace greenwave::daemon {

/// As long as it lives, who started the agent by hand sees how far its fetch is: on a terminal one line that
/// changes, elsewhere a line in the log every ten seconds. On a thread of its own.
class FetchTeller {
 public:
  /// Both outlive it.
  FetchTeller(const git::FetchProgress& fetch, const Log& log);

 private:
  std::jthread thread_;
};

}  // namespace greenwave::daemon
