#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "intake/intake.h"

namespace greenwave::hub {

/// What Prometheus is told.
struct Measures {
  std::string version;
  std::string city;
  const IntakeCounts& intake;
  std::uint64_t reports_limited = 0;                   ///< refused, as too many of one certificate
  const std::map<std::string, std::int64_t>& devices;  ///< by status
  bool database_is_up = false;
  std::size_t reports_waiting = 0;
  std::size_t requests_under_way = 0;
  std::size_t connections = 0;
  std::size_t listeners = 0;
  std::size_t waves_halted = 0;
  std::size_t notices_waiting = 0;
};

/// The text that Prometheus reads (its "text-based format", version 0.0.4).
std::string exposition(const Measures& measures);

// Parts of such a text: what comes before a metric's samples, and a label's value.
void begin(std::string& text, std::string_view name, std::string_view type, std::string_view help);
std::string label(std::string_view value);

}  // namespace greenwave::hub
