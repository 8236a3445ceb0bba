#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "drivers/host/check_spec.h"

namespace greenwave::drivers::host {

/// Runs an http, tcp or command check once, within `timeout`: nothing when it passes, else why not, in a few
/// words. Touches nothing that is shared: several may go on at once.
std::optional<std::string> probe(const Host& host, const CheckSpec& check, Duration timeout);

}  // namespace greenwave::drivers::host
