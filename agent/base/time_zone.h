#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace greenwave {

/// When a place's clocks differ from UTC by how much: one zone of the tz database, as its compiled file
/// (TZif, RFC 8536) says it. glibc can only read the zone of the whole process, which threads share; gcc 12
/// has no std::chrono::time_zone.
class TimeZone {
 public:
  /// A stretch of time through which the difference stays the same.
  struct Span {
    Time begin;
    Time end;
    std::chrono::seconds offset{};  ///< local time less UTC
  };

  Span span_at(Time time) const;

  /// A day of the year on which the difference changes, as POSIX's TZ writes it.
  struct Change {
    enum class Form { month, day, day_without_leap } form = Form::month;
    unsigned month = 1, week = 1, weekday = 0;  ///< Mm.w.d; week 5 is the last
    int day = 0;                                ///< Jn (from 1, without 29 February) or n (from 0)
    std::chrono::seconds time = std::chrono::hours(2);
  };
  /// What holds after the last change that the file lists.
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

/// Reads a compiled zone. Throws Error (invalid) for what is none, or one that counts leap seconds.
TimeZone parse_time_zone(std::string_view bytes);

/// Reads a zone of this device's tz database: "America/Los_Angeles". Throws Error (invalid) when there is
/// none of this name.
TimeZone load_time_zone(const std::string& name);

}  // namespace greenwave
