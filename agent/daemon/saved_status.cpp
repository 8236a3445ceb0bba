#include "daemon/saved_status.h"

#include "base/version.h"
#include "daemon/own_id.h"
#include "state/keys.h"
#include "sync/recalled.h"

namespace greenwave::daemon {

Status saved_status(const config::Config* config, const state::State& state, const Clock& clock) {
  Status status;
  status.running = false;
  status.version = program_version;
  if (config != nullptr) {
    status.device = own_id(*config, state.value(state::keys::device)).id;
    status.repository = config->repository.url;
    status.branch = config->repository.branch;
    status.interval = config->repository.interval;
  }
  stand_at(status, sync::recalled_standing(state));
  recall_last_sync(status, state);
  if (const auto pause = state.pause()) status.pause = state::standing(*pause, clock);
  // Polls that change nothing are not written down: only what the history has is known.
  const auto now = clock.now();
  status.stale =
      status.last_sync && (*status.last_sync > now || now - *status.last_sync > 3 * status.interval);
  return status;
}

}  // namespace greenwave::daemon
