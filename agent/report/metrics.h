#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "daemon/status.h"
#include "sync/sync.h"

namespace greenwave::report {

/// Counters of this process. Prometheus expects them to start at 0 with the process.
struct Counts {
  /// By result: the words of a record, and "unreachable" (the repository; what was applied is kept).
  std::map<std::string, std::uint64_t> syncs{{"error", 0},       {"failed", 0},           {"held", 0},
                                             {"in_sync", 0},     {"not_in_inventory", 0}, {"reverted", 0},
                                             {"unreachable", 0}, {"waiting", 0}};
  Duration time_in_syncs{};
  std::uint64_t repaired = 0;
  /// End of the last sync that reached the repository and left everything in sync, or waiting for a window.
  std::optional<Time> last_good;
};

void count(Counts& counts, const sync::Result& result);

/// The text that Prometheus reads (its "text-based format", version 0.0.4).
std::string exposition(const Counts& counts, const daemon::Status& status);

}  // namespace greenwave::report
