#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace greenwave {

/// One zone of the tz database, read from its compiled file (TZif, RFC 8536): how far local time is from UTC,
/// and when that changes. glibc only reads the zone of the whole process, which all threads share, and gcc 12
/// has no std::chrono::time_zone.
class TimeZone {
 public:
  /// A period with one constant UTC offset.
  struct Span {
    Time begin;
    Time end;
    std::chrono::seconds offset{};  ///< local time minus UTC
  };

  Span span_at(Time time) const;

  /// A day of the year on which the offset changes, as POSIX's TZ writes it.
  struct Change {
    enum class Form { month, day, day_without_leap } form = Form::month;
    unsigned month = 1, week = 1, weekday = 0;  ///< Mm.w.d; week 5 is the last
    int day = 0;                                ///< Jn (from 1, without 29 February) or n (from 0)
    std::chrono::seconds time = std::chrono::hours(2);
  };
  /// What applies after the last change that the file lists.
  struct Rule {
    std::chrono::seconds standard{};
    std::optional<std::chrono::seconds> summer;
    Change to_summer, to_standard;
  };

 private:
  friend TimeZone parse_time_zone(std::string_view bytes);

  Span span_by_rule(Time time, Span within) const;

  std::chrono::seconds first_{};  ///< before the first change
  std::vector<std::pair<Time, std::chrono::seconds>> changes_;
  std::optional<Rule> rule_;
};

/// Reads a compiled zone. Throws Error (invalid) for anything else, and for a zone that counts leap seconds.
TimeZone parse_time_zone(std::string_view bytes);

/// Reads a zone of this device's tz database: "America/Los_Angeles". Throws Error (invalid) when there is no
/// zone of that name.
TimeZone load_time_zone(const std::string& name);

}  // namespace greenwave
