#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace greenwave::hub {

/// The largest report, and the most reports of a relay at once.
inline constexpr std::size_t most_report_bytes = 256 * 1024;
inline constexpr std::size_t most_relayed = 1000;
inline constexpr std::size_t most_syncs = 20;

/// What a device says of itself (README.md has the form). Every text is one that PostgreSQL takes: UTF-8
/// without control characters, cut to a length of its own.
struct DeviceState {
  std::string condition;  ///< a word of report::Condition, never not-reporting
  std::string health;     ///< "healthy", "progressing", "failed", "reverted"
  std::string commit;     ///< 40 hexadecimal digits, or empty
  std::string target;
  std::string wave;
  std::string version;
  std::string reason;  ///< the first cause of a trouble; by it devices are grouped
  std::string detail;  ///< the whole state as JSON, for people
  /// Covers what makes it another state: not the times and counters in it.
  std::int64_t fingerprint = 0;
};

/// One record of the device's own history.
struct SyncTold {
  std::int64_t number = 0;
  Time started{};  ///< by the device's clock
  std::string result;
  std::string commit;
  std::string body;  ///< as JSON
};

struct Report {
  std::string device;
  std::int64_t boot = 0;
  std::int64_t sequence = 0;
  Time clock{};  ///< the device's
  std::optional<DeviceState> state;
  std::vector<SyncTold> syncs;
};

/// Reads what came from outside, by a list of what is allowed; unknown members of newer agents are left out.
/// Pure. Throws Error (invalid) that names the member.
Report read_report(std::string_view text);

}  // namespace greenwave::hub
