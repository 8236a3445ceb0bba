#include "context/period.h"

#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::cli {

namespace {

std::optional<Time> moment_of(const char* option, const std::string& text, Time now) {
  if (text.empty()) return {};
  try {
    return now - parse_duration(text);
  } catch (const Error&) {
    // It is no duration.
  }
  try {
    return from_iso(text.size() == std::string_view("2026-11-24").size() ? text + "T00:00:00Z" : text);
  } catch (const Error&) {
    throw Error(
        Fault::invalid, fmt::format("{}: \"{}\" is not a time", option, printable(text)),
        "write a duration before now (2h, 30d), a day (2026-11-24), or a time in UTC (2026-11-24T06:00:00Z)");
  }
}

}  // namespace

Period period_from(const std::string& since, const std::string& until, Time now) {
  const Period period{.since = moment_of("--since", since, now), .until = moment_of("--until", until, now)};
  if (period.since && period.until && *period.since >= *period.until) {
    throw Error(
        Fault::invalid,
        fmt::format("--since {} is not before --until {}", to_iso(*period.since), to_iso(*period.until)),
        "exchange them");
  }
  return period;
}

}  // namespace greenwave::cli
