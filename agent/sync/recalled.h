#pragma once

#include <vector>

#include "model/entry.h"
#include "state/state.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// Where the device is as far as the state alone knows it: before the first pass of a process, and while no
/// daemon runs.
Standing recalled_standing(const state::State& state);

/// Counts the objects; what the standing lists as failed is not in sync.
void count_objects(Standing& standing, const std::vector<Entry>& inventory);

/// Lists as failed what the inventory knows to be so, and nothing else says.
void add_unfinished(Standing& standing, const std::vector<Entry>& inventory);

/// What a damaged state file cost, until it is acknowledged.
void write_loss(state::State& state, const Loss& loss);
void forget_loss(state::State& state);

}  // namespace greenwave::sync
