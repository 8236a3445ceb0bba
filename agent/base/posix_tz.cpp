#include "base/posix_tz.h"

#include "base/error.h"

namespace greenwave {

namespace {

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  TimeZone::Rule rule() {
    TimeZone::Rule rule;
    name();
    rule.standard = -time(24);  // POSIX counts westwards
    if (rest_.empty()) return rule;
    name();
    rule.summer = rest_.empty() || rest_.front() == ',' ? rule.standard + std::chrono::hours(1) : -time(24);
    expect(',');
    rule.to_summer = change();
    expect(',');
    rule.to_standard = change();
    if (!rest_.empty()) fail();
    return rule;
  }

 private:
  [[noreturn]] static void fail() { throw Error(Fault::invalid, "not a POSIX time zone rule"); }

  bool at(char c) const { return !rest_.empty() && rest_.front() == c; }

  bool take(char c) {
    if (!at(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail();
  }

  /// "PST", or "<-03>"
  void name() {
    if (take('<')) {
      const auto end = rest_.find('>');
      if (end == std::string_view::npos) fail();
      rest_.remove_prefix(end + 1);
      return;
    }
    std::size_t length = 0;
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    while (length < rest_.size() && is_letter(rest_[length])) ++length;
    if (length < 3) fail();
    rest_.remove_prefix(length);
  }

  int number(int most) {
    int value = 0;
    std::size_t digits = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && digits < 3; ++digits) {
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (digits == 0 || value > most) fail();
    return value;
  }

  /// [+-]hh[:mm[:ss]]
  std::chrono::seconds time(int most_hours) {
    const bool negative = at('-');
    if (negative || at('+')) rest_.remove_prefix(1);
    std::chrono::seconds value = std::chrono::hours(number(most_hours));
    if (take(':')) {
      value += std::chrono::minutes(number(59));
      if (take(':')) value += std::chrono::seconds(number(59));
    }
    return negative ? -value : value;
  }

  TimeZone::Change change() {
    using Form = TimeZone::Change::Form;
    TimeZone::Change change;
    if (take('M')) {
      change.month = static_cast<unsigned>(number(12));
      expect('.');
      change.week = static_cast<unsigned>(number(5));
      expect('.');
      change.weekday = static_cast<unsigned>(number(6));
      if (change.month == 0 || change.week == 0) fail();
    } else if (take('J')) {
      change.form = Form::day_without_leap;
      change.day = number(365);
      if (change.day == 0) fail();
    } else {
      change.form = Form::day;
      change.day = number(365);
    }
    if (take('/')) change.time = time(167);
    return change;
  }

  std::string_view rest_;
};

}  // namespace

TimeZone::Rule parse_posix_tz(std::string_view text) {
  return RuleReader(text).rule();
}

}  // namespace greenwave
