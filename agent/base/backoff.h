#pragma once

#include <optional>

#include "base/clock.h"

namespace greenwave {

/// How long to wait after `failures` failed tries in a row (at least 1). Exponential with full jitter: any
/// moment up to 5 s, 10 s, 20 s, … 15 min is as likely as another, so that devices which failed together do
/// not come back together; never less than a second. `retry_after`, a server's own wish, is a floor that
/// the jitter is added to; more than a day of it is not believed. `random` is in [0, 1).
Duration backoff(unsigned failures, std::optional<Duration> retry_after, double random);

}  // namespace greenwave
