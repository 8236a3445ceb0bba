#include "yaml/timestamp.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace greenwave::yaml {

namespace {

constexpr std::size_t most_fraction = 9;  // digits: nanoseconds

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes a text apart from its start.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// A number of `least` to `most` digits.
  std::optional<unsigned> number(std::size_t least, std::size_t most) {
    std::size_t count = 0;
    unsigned value = 0;
    while (count < most && count < rest_.size() && is_digit(rest_[count])) {
      value = value * 10 + static_cast<unsigned>(rest_[count++] - '0');
    }
    if (count < least) return {};
    rest_.remove_prefix(count);
    return value;
  }

  /// ".125", without zeros at its end; empty: there is none.
  std::string fraction() {
    if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') || !is_digit(rest_[1])) return {};
    const auto end = std::min(rest_.find_first_not_of("0123456789", 1), rest_.size());
    std::string digits(rest_.substr(1, std::min(end - 1, most_fraction)));
    rest_.remove_prefix(end);
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits.empty() ? digits : "." + digits;
  }

 private:
  std::string_view rest_;
};

std::optional<std::string> day(Cursor& cursor) {
  const auto year = cursor.number(4, 4);
  if (!year || !cursor.take('-')) return {};
  const auto month = cursor.number(1, 2);
  if (!month || !cursor.take('-')) return {};
  const auto day = cursor.number(1, 2);
  if (!day) return {};
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  if (!date.ok()) return {};
  return fmt::format("{:04}-{:02}-{:02}", *year, *month, *day);
}

std::optional<std::string> time(Cursor& cursor) {
  const auto hour = cursor.number(1, 2);
  if (!hour || *hour > 23 || !cursor.take(':')) return {};
  const auto minute = cursor.number(1, 2);
  if (!minute || *minute > 59 || !cursor.take(':')) return {};
  const auto second = cursor.number(1, 2);
  if (!second || *second > 59) return {};
  return fmt::format("T{:02}:{:02}:{:02}{}", *hour, *minute, *second, cursor.fraction());
}

std::optional<std::string> zone(Cursor& cursor) {
  if (cursor.take('Z')) return "Z";
  const char sign = cursor.take('+') ? '+' : cursor.take('-') ? '-' : '\0';
  if (sign == '\0') return {};
  const auto hours = cursor.number(2, 2);
  if (!hours || *hours > 23 || !cursor.take(':')) return {};
  const auto minutes = cursor.number(2, 2);
  if (!minutes || *minutes > 59) return {};
  return *hours + *minutes == 0 ? "Z" : fmt::format("{}{:02}:{:02}", sign, *hours, *minutes);
}

}  // namespace

std::optional<std::string> timestamp_as_json(std::string_view text) {
  Cursor cursor(text);
  const auto date = day(cursor);
  if (!date) return {};
  if (cursor.at_end()) return *date + "T00:00:00Z";
  const bool has_zone = cursor.take('T') || cursor.take('t');
  if (!has_zone && !cursor.take(' ')) return {};
  const auto clock = time(cursor);
  const auto offset = clock && has_zone ? zone(cursor) : "Z";
  if (!clock || !offset || !cursor.at_end()) return {};
  return *date + *clock + *offset;
}

}  // namespace greenwave::yaml
