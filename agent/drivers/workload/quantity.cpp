#include "drivers/workload/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

namespace greenwave::drivers::workload {

namespace {

constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t billion = 1'000'000'000;
constexpr Wide largest = times({0, most}, billion);
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
  Wide value;
  bool lost = false;  // something finer than a billionth
  int places = tens + finest;
  // Powers of two come with the digits, before anything is cut off.
  for (const char c : digits)
    value = std::min(plus(times(value, 10), static_cast<unsigned>(c - '0')), largest);
  if (value == Wide{}) return {};
  for (; twos > 0; --twos) value = std::min(times(value, 2), largest);
  for (; places > 0 && value < largest; --places) value = std::min(times(value, 10), largest);
  for (; places < 0 && value > Wide{}; ++places) {
    const auto [tenth, rest] = divide(value, {0, 10});
    lost = lost || rest != Wide{};
    value = tenth;
  }
  return std::min(plus(value, lost ? 1 : 0), largest);
}

}  // namespace

std::strong_ordering Quantity::operator<=>(const Quantity& other) const {
  if (negative_ != other.negative_) return other.negative_ <=> negative_;
  return negative_ ? other.billionths_ <=> billionths_ : billionths_ <=> other.billionths_;
}

std::int64_t Quantity::rounded_up(Wide divisor) const {
  auto [whole, rest] = divide(billionths_, divisor);
  if (!negative_ && rest != Wide{}) whole = plus(whole, 1);
  const auto amount = static_cast<std::int64_t>(std::min(whole, Wide{0, most}).low);
  return negative_ ? -amount : amount;
}

std::int64_t Quantity::in_units_of(const Quantity& divisor) const {
  return rounded_up(divisor.billionths_);
}

std::int64_t Quantity::whole() const {
  return rounded_up({0, billion});
}

std::int64_t Quantity::thousandths() const {
  return rounded_up({0, billion / 1000});
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
  quantity.billionths_ = scaled(digits, tens + suffix->tens, suffix->twos);
  quantity.negative_ = negative && !quantity.is_zero();
  return quantity;
}

std::optional<Quantity> quantity_of(const yaml::Node& node) {
  if (const auto* text = node.string()) return parse_quantity(*text);
  if (std::holds_alternative<std::int64_t>(node.value) || std::holds_alternative<double>(node.value))
    return parse_quantity(printed(node));
  return {};
}

}  // namespace greenwave::drivers::workload
