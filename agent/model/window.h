#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/time_zone.h"
#include "model/cluster.h"

namespace greenwave {

/// One period during which a window is open: a step may start from `begin` on and before `end`.
struct Opening {
  Time begin;
  Time end;
};

/// The opening that contains `now`, else the next one; nothing when there is none within a week.
///
/// A window opens on its days when local clocks first show `from`, and closes when they next show `to` (the
/// next day, if `to` is earlier than `from`). If clocks skip `from`, it opens at the skip. If they skip both,
/// it opens at the skip for as long as on other days. If an hour occurs twice, the window opens and closes
/// the first time.
std::optional<Opening> next_opening(const Window& window, const TimeZone& zone, Time now);

/// A window with its time zone loaded.
struct ZonedWindow {
  Window window;
  TimeZone zone;
};

struct Outlook {
  bool open = false;
  std::string window;           ///< the one that is open, or opens next
  std::optional<Time> changes;  ///< closes or opens; nothing: never
};

/// Combines several windows: open while any of them is.
Outlook outlook(const std::vector<ZonedWindow>& windows, Time now);

}  // namespace greenwave
