#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "context/context.h"
#include "daemon/status.h"
#include "state/history.h"

namespace greenwave::cli {

/// The daemon's last saved state, read from its state file. Each throws Error when there is no state, or it
/// cannot be read.
daemon::Status last_status(const Context& context);
std::vector<state::SyncRecord> last_history(const Context& context, std::size_t most);
/// All lines above a number, oldest first.
std::vector<nlohmann::json> last_evidence(const Context& context, std::int64_t above);
/// Like GET /v1/objects/NAME; all objects if `name` is empty.
nlohmann::json last_objects(const Context& context, const std::string& name);

}  // namespace greenwave::cli
