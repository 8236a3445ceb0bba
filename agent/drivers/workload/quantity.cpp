#include "drivers/workload/quantity.h"

#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

namespace greenwave::drivers::workload {

namespace {

__extension__ using Wide = __int128;

constexpr Wide billion = 1'000'000'000;
constexpr Wide largest = std::numeric_limits<std::int64_t>::max() * billion;
constexpr int finest = 9;  ///< decimals

struct Suffix {
  std::string_view text;
  int tens = 0;  ///< powers of ten
  int twos = 0;  ///< powers of two
};

constexpr std::array<Suffix, 16> suffixes{{{"", 0, 0},
                                           {"n", -9, 0},
                                           {"u", -6, 0},
                                           {"m", -3, 0},
                                           {"k", 3, 0},
                                           {"M", 6, 0},
                                           {"G", 9, 0},
                                           {"T", 12, 0},
                                           {"P", 15, 0},
                                           {"E", 18, 0},
                                           {"Ki", 0, 10},
                                           {"Mi", 0, 20},
                                           {"Gi", 0, 30},
                                           {"Ti", 0, 40},
                                           {"Pi", 0, 50},
                                           {"Ei", 0, 60}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Wide times(Wide value, Wide factor) {
  return value > largest / factor ? largest : value * factor;
}

/// What follows the number: a suffix, or "e" and an exponent.
std::optional<Suffix> read_suffix(std::string_view text) {
  for (const auto& suffix : suffixes) {
    if (suffix.text == text) return suffix;
  }
  if (text.size() < 2 || (text.front() != 'e' && text.front() != 'E')) return {};
  text.remove_prefix(1);
  const bool is_plus = text.front() == '+';
  if (is_plus) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.back()) || (is_plus && !is_digit(text.front()))) return {};
  int exponent = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (fault == std::errc::result_out_of_range) exponent = text.front() == '-' ? -1000 : 1000;
  if (fault == std::errc::invalid_argument || end != text.data() + text.size()) return {};
  return Suffix{{}, exponent, 0};
}

/// `digits` × 10^tens × 2^twos in billionths, rounded away from zero.
Wide scaled(std::string_view digits, int tens, int twos) {
  Wide value = 0;
  bool lost = false;  // something finer than a billionth
  int places = tens + finest;
  // Powers of two come with the digits, before anything is cut off.
  for (const char c : digits) value = times(value, 10) + (c - '0');
  if (value == 0) return 0;
  for (; twos > 0; --twos) value = times(value, 2);
  for (; places > 0 && value < largest; --places) value = times(value, 10);
  for (; places < 0 && value > 0; ++places) {
    lost = lost || value % 10 != 0;
    value /= 10;
  }
  if (lost) ++value;
  return value > largest ? largest : value;
}

Wide up(Wide value, Wide divisor) {
  return value / divisor + (value % divisor > 0 ? 1 : 0);
}

}  // namespace

std::int64_t Quantity::in_units_of(const Quantity& divisor) const {
  return static_cast<std::int64_t>(up(billionths_, divisor.billionths_));
}

std::int64_t Quantity::whole() const {
  return static_cast<std::int64_t>(up(billionths_, billion));
}

std::int64_t Quantity::thousandths() const {
  const auto value = up(billionths_, billion / 1000);
  constexpr Wide most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(value > most ? most : value);
}

std::optional<Quantity> parse_quantity(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::string digits;
  int tens = 0;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) digits += text[at];
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at, --tens) digits += text[at];
  }
  if (digits.empty()) return {};
  const auto suffix = read_suffix(text.substr(at));
  if (!suffix) return {};
  // Digits that only say more zeros, or nothing that counts.
  while (tens < 0 && digits.back() == '0') {
    digits.pop_back();
    ++tens;
  }
  digits.erase(0, digits.find_first_not_of('0'));
  Quantity quantity;
  const auto value = scaled(digits, tens + suffix->tens, suffix->twos);
  quantity.billionths_ = negative ? -value : value;
  return quantity;
}

std::optional<Quantity> quantity_of(const yaml::Node& node) {
  if (const auto* text = node.string()) return parse_quantity(*text);
  if (std::holds_alternative<std::int64_t>(node.value) || std::holds_alternative<double>(node.value))
    return parse_quantity(printed(node));
  return {};
}

}  // namespace greenwave::drivers::workload
