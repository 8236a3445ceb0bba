#include "secrets/go_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/error.h"

namespace greenwave::secrets {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

/// What Go's map of words has, without the texts for null.
std::optional<std::string> word(std::string_view text) {
  if (is_one_of(text, {"true", "True", "TRUE"})) return "True";
  if (is_one_of(text, {"false", "False", "FALSE"})) return "False";
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return "NaN";
  if (is_one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return "+Inf";
  if (is_one_of(text, {"-.inf", "-.Inf", "-.INF"})) return "-Inf";
  return {};
}

/// strconv.ParseInt(text, 0, 64), without its underscores; what only a uint64 holds is no value for SOPS.
std::optional<std::string> integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    base = 8;
    text.remove_prefix(1);
    switch (text[0]) {
      case 'x':
      case 'X':
        base = 16;
        text.remove_prefix(1);
        break;
      case 'b':
      case 'B':
        base = 2;
        text.remove_prefix(1);
        break;
      case 'o':
      case 'O':
        text.remove_prefix(1);
        break;
      default:
        break;
    }
  }
  std::uint64_t size = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size, base);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) return {};
  constexpr auto most = static_cast<std::uint64_t>(INT64_MAX);
  if (size > most + (negative ? 1 : 0)) return {};
  return (negative && size > 0 ? "-" : "") + std::to_string(size);
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_real(std::string_view text) {
  const auto digits = [&text] {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    text.remove_prefix(count);
    return count;
  };
  const auto sign = [&text] {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  };
  sign();
  const auto whole = digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  sign();
  return digits() > 0 && text.empty();
}

/// strconv.ParseFloat: what overflows is no number there.
std::optional<std::string> real(std::string_view text) {
  if (!looks_like_real(text)) return {};
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc::result_out_of_range) {
    // What is too small is zero in Go, and out of range here.
    if (std::strtod(std::string(text).c_str(), nullptr) >= 1) return {};
    number = std::strtod(std::string(text).c_str(), nullptr);
  } else if (failure != std::errc{} || end != text.data() + text.size()) {
    return {};
  }
  return go_text(negative ? -number : number);
}

/// Reads numbers with one digit or more, as Go's time.Parse does for short layouts.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool number(std::size_t fewest, std::size_t most, int least, int largest, int& value) {
    std::size_t count = 0;
    value = 0;
    while (count < most && count < rest_.size() && is_digit(rest_[count])) {
      value = value * 10 + (rest_[count++] - '0');
    }
    rest_.remove_prefix(count);
    return count >= fewest && value >= least && value <= largest;
  }

  /// ".25" as "25"; Go reads at most nine digits.
  bool fraction(std::string& digits) {
    if (!take('.') && !take(',')) return true;
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    digits = rest_.substr(0, std::min<std::size_t>(count, 9));
    rest_.remove_prefix(count);
    while (digits.ends_with('0')) digits.pop_back();
    return count > 0;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

int days_in(int year, int month) {
  static constexpr std::array days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

/// As Go's time.MarshalText prints what its reader of YAML takes for a time.
std::optional<std::string> point_in_time(std::string_view text) {
  TimeReader reader(text);
  int year = 0;
  int month = 0;
  int day = 0;
  if (!reader.number(4, 4, 0, 9999, year) || !reader.take('-') || !reader.number(1, 2, 1, 12, month) ||
      !reader.take('-') || !reader.number(1, 2, 1, days_in(year, month), day)) {
    return {};
  }
  const auto date = fmt::format("{:04}-{:02}-{:02}", year, month, day);
  if (reader.at_end()) return date + "T00:00:00Z";
  const bool with_zone = reader.take('T') || reader.take('t');
  if (!with_zone && !reader.take(' ')) return {};
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::string fraction;
  if (!reader.number(1, 2, 0, 23, hour) || !reader.take(':') || !reader.number(1, 2, 0, 59, minute) ||
      !reader.take(':') || !reader.number(1, 2, 0, 59, second) || !reader.fraction(fraction)) {
    return {};
  }
  std::string zone = "Z";
  if (with_zone && !reader.take('Z')) {
    const bool east = reader.take('+');
    int hours = 0;
    int minutes = 0;
    if ((!east && !reader.take('-')) || !reader.number(2, 2, 0, 24, hours) || !reader.take(':') ||
        !reader.number(2, 2, 0, 60, minutes)) {
      return {};
    }
    if (hours + minutes > 0) zone = fmt::format("{}{:02}:{:02}", east ? '+' : '-', hours, minutes);
  }
  if (!reader.at_end()) return {};
  return fmt::format("{}T{:02}:{:02}:{:02}{}{}", date, hour, minute, second,
                     fraction.empty() ? "" : "." + fraction, zone);
}

std::string bytes_in(std::string_view plain) {
  try {
    return decode_base64(plain);
  } catch (const Error&) {
    return std::string(plain);
  }
}

}  // namespace

std::string go_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Inf" : "+Inf";
  std::array<char, 32> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  std::string sign;
  if (text.starts_with('-')) {
    sign = "-";
    text.remove_prefix(1);
  }
  const auto mark = text.find('e');
  std::ptrdiff_t exponent = 0;
  const auto power = text.substr(mark + 1 + (text[mark + 1] == '+' ? 1 : 0));
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  std::string digits(text.substr(0, mark));
  std::erase(digits, '.');
  const auto count = static_cast<std::ptrdiff_t>(digits.size());
  const auto zeros = [](std::ptrdiff_t many) { return std::string(static_cast<std::size_t>(many), '0'); };
  if (exponent < 0) return sign + "0." + zeros(-exponent - 1) + digits;
  if (exponent + 1 >= count) return sign + digits + zeros(exponent + 1 - count);
  return sign + digits.insert(static_cast<std::size_t>(exponent + 1), ".");
}

std::string go_bytes(std::string_view plain, std::string_view tag) {
  if (tag == "str") return std::string(plain);
  if (tag == "binary") return bytes_in(plain);
  if (plain.empty() || is_one_of(plain, {"~", "null", "Null", "NULL"})) return {};
  if (auto known = word(plain)) return *known;
  const char first = plain.front();
  if (first == '.') return real(plain).value_or(std::string(plain));
  if (!is_digit(first) && first != '+' && first != '-') return std::string(plain);
  if (tag.empty() || tag == "timestamp") {
    if (auto time = point_in_time(plain)) return *time;
  }
  std::string bare(plain);
  std::erase(bare, '_');
  if (auto whole = integer(bare)) return *whole;
  return real(bare).value_or(std::string(plain));
}

}  // namespace greenwave::secrets
