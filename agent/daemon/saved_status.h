#pragma once

#include "config/config.h"
#include "daemon/status.h"

namespace greenwave::daemon {

/// The status of a device as its state file has it, while no daemon runs. `config` may be null: what it says
/// is unknown then.
Status saved_status(const config::Config* config, const state::State& state, const Clock& clock);

}  // namespace greenwave::daemon
