#pragma once

#include <string_view>

#include "base/clock.h"

namespace greenwave::daemon {

/// A device polls once in each interval, at a moment of its own: a stable hash of its id, so that a city's
/// devices are spread evenly and stay so after a power cut. Wait for the difference to `now` on the steady
/// clock: the wall clock may jump.
///
/// The first poll after a start: the device's next moment, at most one interval away.
Time first_poll(Time now, Duration interval, std::string_view device);

/// The poll after one at `now`: the device's moment at least half an interval away, and up to a tenth of the
/// interval later, so that devices whose hashes are alike do not meet every time. `random` is in [0, 1).
Time next_poll(Time now, Duration interval, std::string_view device, double random);

}  // namespace greenwave::daemon
