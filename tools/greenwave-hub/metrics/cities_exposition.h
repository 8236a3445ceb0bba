#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "cities/roster.h"

namespace greenwave::hub {

/// What Prometheus is told by a roll-up of cities (the text-based format, version 0.0.4).
std::string exposition(const std::vector<KnownCity>& cities, Time now);

}  // namespace greenwave::hub
