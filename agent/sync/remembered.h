#pragma once

#include <string>

#include "state/state.h"
#include "sync/intake/intake.h"

namespace greenwave::sync {

/// What the state holds of it. `branch` is the full name of the ref that the configuration names.
Remembered recall(const state::State& state, std::string branch);

/// Writes what differs from `before`; what was accepted is durable when this returns.
void remember(state::State& state, const Remembered& before, const Remembered& after);

}  // namespace greenwave::sync
