#pragma once

#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "drivers/driver.h"
#include "model/entry.h"
#include "state/state.h"

namespace greenwave::sync {

using drivers::Describe;

/// Agent::objects from the state, so that the CLI can show the same when no daemon runs. `more` is asked of
/// the objects that were named.
nlohmann::json describe_objects(const state::State& state, const std::string& text,
                                const Describe& more = {});

}  // namespace greenwave::sync
