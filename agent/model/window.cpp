#include "model/window.h"

#include <algorithm>
#include <array>

#include "base/contains.h"

namespace greenwave {

namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 7> weekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr int days_ahead = 8;

/// "04:30"; the format was checked when the file was read.
minutes time_of_day(const std::string& text) {
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  return std::chrono::hours(two(0)) + minutes(two(3));
}

/// The first moment from `start` on at which clocks show `local` or later. Local times are represented as if
/// they were UTC.
Time first_showing(Time local, const TimeZone& zone, Time start) {
  for (;;) {
    const auto span = zone.span_at(start);
    const auto moment = std::max<Time>(start, local - span.offset);
    if (moment < span.end) return moment;
    start = span.end;
  }
}

bool opens_on(const Window& window, sys_days date) {
  const auto name = weekdays[std::chrono::weekday(date).c_encoding()];
  return contains(window.days, name);
}

Opening opening_of(const Window& window, const TimeZone& zone, sys_days date) {
  const auto from = time_of_day(window.from);
  const auto to = time_of_day(window.to);
  const auto length = to > from ? to - from : to - from + days(1);
  // No zone is more than a day from UTC.
  const auto begin = first_showing(date + from, zone, date - days(2));
  const auto end = first_showing(date + from + length, zone, begin);
  return {begin, end > begin ? end : begin + length};
}

}  // namespace

std::optional<Opening> next_opening(const Window& window, const TimeZone& zone, Time now) {
  const auto today = std::chrono::floor<days>(now + zone.span_at(now).offset);
  for (auto date = today - days(1); date <= today + days(days_ahead); date += days(1)) {
    if (!opens_on(window, date)) continue;
    const auto opening = opening_of(window, zone, date);
    if (now < opening.end) return opening;
  }
  return {};
}

Outlook outlook(const std::vector<ZonedWindow>& windows, Time now) {
  Outlook result;
  for (const auto& [window, zone] : windows) {
    const auto opening = next_opening(window, zone, now);
    if (!opening) continue;
    const bool open = opening->begin <= now;
    const auto changes = open ? opening->end : opening->begin;
    const bool sooner = !result.changes || (open ? changes > *result.changes : changes < *result.changes);
    if ((open && !result.open) || (open == result.open && sooner)) result = {open, window.name, changes};
  }
  return result;
}

}  // namespace greenwave
