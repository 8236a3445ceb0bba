#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace greenwave::cli {

/// What --since and --until of a command say: from the one on, and before the other.
struct Period {
  std::optional<Time> since{};
  std::optional<Time> until{};

  bool has(Time at) const { return (!since || at >= *since) && (!until || at < *until); }
};

/// Each is "2h" (before `now`), "2026-11-24", "2026-11-24T06:00:00Z", or empty: not given. Throws Error
/// (invalid) for anything else, and for a period that ends before it begins.
Period period_from(const std::string& since, const std::string& until, Time now);

}  // namespace greenwave::cli
