#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "state/state.h"

namespace greenwave::sync {

/// Agent::objects from the state alone, so that the CLI can tell the same when no daemon runs.
nlohmann::json describe_objects(const state::State& state, const std::string& text);

}  // namespace greenwave::sync
