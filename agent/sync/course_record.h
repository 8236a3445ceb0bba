#pragma once

#include <nlohmann/json_fwd.hpp>

#include "state/state.h"
#include "sync/course.h"

namespace greenwave::sync {

/// A device that an older agent kept, or whose record cannot be read, is taken to be good as it is.
Course read_course(const state::State& state);
/// Durable at once, all of it or nothing; nothing is written where nothing changes.
void write_course(state::State& state, const Course& course);

/// For status; times are written to the second.
nlohmann::json to_json(const Rejected& rejected);
Rejected rejected_from_json(const nlohmann::json& json);

}  // namespace greenwave::sync
