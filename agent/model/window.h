#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/time_zone.h"
#include "model/cluster.h"

namespace greenwave {

/// One time that a window is open: from `begin` on, and before `end` a step may start.
struct Opening {
  Time begin;
  Time end;
};

/// The opening that `now` lies in, else the next one; nothing when there is none within a week.
///
/// A window opens on its days when clocks there first show `from`, and closes when they next show `to` (on
/// the next day, when that is earlier in the day). Where clocks jump over `from`, it opens at the jump; where
/// they jump over both, it is open from the jump on for as long as on other days. Where an hour comes twice,
/// it opens once, and closes the first time.
std::optional<Opening> next_opening(const Window& window, const TimeZone& zone, Time now);

/// A window whose time zone this device knows.
struct ZonedWindow {
  Window window;
  TimeZone zone;
};

struct Outlook {
  bool open = false;
  std::string window;           ///< the one that is open, or opens next
  std::optional<Time> changes;  ///< closes or opens; nothing: never
};

/// What several windows come to: open while one of them is.
Outlook outlook(const std::vector<ZonedWindow>& windows, Time now);

}  // namespace greenwave
