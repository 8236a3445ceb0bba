#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "git/trust.h"
#include "state/state.h"

namespace greenwave::daemon {

/// What makes a commit one that this device applies, a text each, sorted: who may sign, and what else is
/// asked for. Empty: the server is believed. Nothing of it is secret.
std::vector<std::string> trusted(const config::Config& config, const std::optional<git::Trust>& trust);

/// Writes evidence of what differs from the last call's, and nothing where nothing does.
void note_trusted(state::State& state, const std::vector<std::string>& now_trusted, Time now);

}  // namespace greenwave::daemon
