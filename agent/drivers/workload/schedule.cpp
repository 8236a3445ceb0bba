#include "drivers/workload/schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::drivers::workload {

namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_names{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
constexpr std::array<std::string_view, 7> calendar_weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> words{{
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
}};

constexpr std::size_t longest = 200;
constexpr std::time_t minute = 60;

/// One of the five fields: numbers, ranges and steps of them, in a list.
class Field {
 public:
  Field(std::string_view text, std::string_view what, unsigned least, unsigned most, Names names = {})
      : text_(text), what_(what), least_(least), most_(most), names_(names) {}

  /// Sets `*any` when an item of the list is `*` without a step.
  template <std::size_t Size>
  std::bitset<Size> read(bool* any = nullptr) const {
    std::bitset<Size> set;
    for (const auto item : split(text_, ',')) {
      const auto slash = item.find('/');
      const auto range = item.substr(0, slash);
      const auto [first, last] = read_range(range, slash != std::string_view::npos);
      const unsigned step = slash == std::string_view::npos ? 1 : number(item.substr(slash + 1));
      if (step == 0) throw wrong("has a step of 0");
      for (unsigned value = first; value <= last; value += step) set.set(value);
      if (any != nullptr && is_star(range) && step == 1) *any = true;
    }
    return set;
  }

 private:
  static bool is_star(std::string_view range) { return range == "*" || range == "?"; }

  /// "5/10" is from 5 on.
  std::pair<unsigned, unsigned> read_range(std::string_view range, bool has_step) const {
    if (is_star(range)) return {least_, most_};
    const auto dash = range.find('-');
    const auto first = value(range.substr(0, dash));
    if (dash == std::string_view::npos) return {first, has_step ? most_ : first};
    const auto last = value(range.substr(dash + 1));
    if (last < first) throw wrong("has a range that ends before it begins");
    return {first, last};
  }

  unsigned value(std::string_view text) const {
    const auto name = std::ranges::find(names_, in_upper_case(text));
    const auto found =
        name != names_.end() ? least_ + static_cast<unsigned>(name - names_.begin()) : number(text);
    if (found < least_ || found > most_) {
      throw wrong(fmt::format("has {}, which is not from {} to {}", found, least_, most_));
    }
    return found;
  }

  unsigned number(std::string_view text) const {
    unsigned result = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, result);
    if (text.empty() || error != std::errc() || stopped != end) {
      throw wrong(fmt::format("has “{}”, which is not a number", printable(text)));
    }
    return result;
  }

  Error wrong(std::string_view how) const {
    return Error(Fault::invalid, fmt::format("the schedule's {} {}", what_, how),
                 names_.empty()
                     ? "write *, a number, a range such as 1-5, a step such as */10, or a list of these"
                     : fmt::format("write *, {} to {}, names such as {}, ranges or a list of these", least_,
                                   most_, names_[1]));
  }

  std::string_view text_;
  std::string_view what_;
  unsigned least_;
  unsigned most_;
  Names names_;
};

std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> fields;
  for (const auto field : split(text, ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  return fields;
}

/// "*", or "0,15,30,45".
template <std::size_t Size>
std::string to_list(const std::bitset<Size>& set, std::size_t least) {
  std::string list;
  for (std::size_t value = least; value < Size; ++value) {
    if (set[value]) list += fmt::format("{}{}", list.empty() ? "" : ",", value);
  }
  return set.count() == Size - least ? "*" : list;
}

}  // namespace

Schedule parse_schedule(std::string_view text) {
  text = trim(text);
  if (text.size() > longest) throw Error(Fault::invalid, "the schedule is too long");
  const auto word = std::ranges::find(words, text, &std::pair<std::string_view, std::string_view>::first);
  if (word != words.end()) text = word->second;
  const auto fields = fields_of(text);
  if (fields.size() != 5) {
    throw Error(
        Fault::invalid, fmt::format("the schedule “{}” has not five fields", printable(text)),
        "write MINUTE HOUR DAY MONTH WEEKDAY, such as \"30 3 * * *\" for half past three each night, or "
        "@hourly, @daily, @weekly, @monthly, @yearly");
  }
  Schedule schedule;
  schedule.minutes = Field(fields[0], "minute", 0, 59).read<60>();
  schedule.hours = Field(fields[1], "hour", 0, 23).read<24>();
  schedule.days = Field(fields[2], "day", 1, 31).read<32>(&schedule.any_day);
  schedule.months = Field(fields[3], "month", 1, 12, month_names).read<13>();
  schedule.weekdays = Field(fields[4], "weekday", 0, 6, weekday_names).read<7>(&schedule.any_weekday);
  return schedule;
}

std::vector<std::string> to_calendar(const Schedule& schedule, std::string_view zone) {
  std::string weekdays;
  for (std::size_t day = 0; day < calendar_weekdays.size(); ++day) {
    if (schedule.weekdays[day])
      weekdays += fmt::format("{}{}", weekdays.empty() ? "" : ",", calendar_weekdays[day]);
  }
  const auto line = [&](bool by_weekday, bool by_day) {
    return fmt::format("{}*-{}-{} {}:{}:00{}{}", by_weekday ? weekdays + " " : "",
                       to_list(schedule.months, 1), by_day ? to_list(schedule.days, 1) : "*",
                       to_list(schedule.hours, 0), to_list(schedule.minutes, 0), zone.empty() ? "" : " ",
                       zone);
  };
  const bool either = !schedule.any_day && !schedule.any_weekday;
  if (either) return {line(false, true), line(true, false)};
  return {line(!schedule.weekdays.all(), true)};
}

bool is_due(const Schedule& schedule, const std::tm& local) {
  const bool day = schedule.days[static_cast<std::size_t>(local.tm_mday)];
  const bool weekday = schedule.weekdays[static_cast<std::size_t>(local.tm_wday)];
  const bool today = schedule.any_day || schedule.any_weekday ? day && weekday : day || weekday;
  return today && schedule.months[static_cast<std::size_t>(local.tm_mon) + 1] &&
         schedule.hours[static_cast<std::size_t>(local.tm_hour)] &&
         schedule.minutes[static_cast<std::size_t>(local.tm_min)];
}

std::optional<std::time_t> last_due(const Schedule& schedule, std::time_t now, std::time_t most,
                                    const std::function<std::tm(std::time_t)>& local) {
  for (std::time_t time = now - now % minute; now - time <= most; time -= minute) {
    if (is_due(schedule, local(time))) return time;
  }
  return {};
}

}  // namespace greenwave::drivers::workload
