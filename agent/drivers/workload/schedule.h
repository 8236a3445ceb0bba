#pragma once

#include <bitset>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave::drivers::workload {

/// When a CronJob is due: crontab's five fields as Kubernetes reads them (months and weekdays may be names, 7
/// is not a weekday, @hourly and its like are words for five fields).
struct Schedule {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     ///< of the month; 0 is none
  std::bitset<13> months;   ///< 0 is none
  std::bitset<7> weekdays;  ///< 0 is Sunday
  /// Written as `*`: then the other one alone says the days. Where both say something, a day of either
  /// counts.
  bool any_day = false;
  bool any_weekday = false;
};

/// Throws Error (invalid) that names the field. Pure.
Schedule parse_schedule(std::string_view text);

/// The same in the words of systemd.time(7), for OnCalendar=: one line, or two where a day of either counts.
/// `zone` is a name of the tz database; empty: the device's own. Pure.
std::vector<std::string> to_calendar(const Schedule& schedule, std::string_view zone);

/// Whether it is due in the minute of this local time.
bool is_due(const Schedule& schedule, const std::tm& local);

/// When it was due last: at `now` or up to `most` seconds before; nothing when it was not. `local` returns a
/// place's time.
std::optional<std::time_t> last_due(const Schedule& schedule, std::time_t now, std::time_t most,
                                    const std::function<std::tm(std::time_t)>& local);

}  // namespace greenwave::drivers::workload
