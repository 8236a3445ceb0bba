#include "yaml/go_number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace greenwave::yaml {

namespace {

constexpr std::string_view numerals = "0123456789";

bool is_numeral(char c) {
  return c >= '0' && c <= '9';
}

template <typename Number>
std::optional<Number> whole(std::string_view digits, int base) {
  Number number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return {};
  return number;
}

/// strconv.ParseInt and ParseUint with base 0.
std::optional<GoNumber> read_whole(std::string_view text) {
  const bool is_signed = text.starts_with('-') || text.starts_with('+');
  auto digits = is_signed ? text.substr(1) : text;
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char letter = digits.size() > 2 ? static_cast<char>(digits[1] | 0x20) : '\0';
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    digits.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  }
  if (digits.starts_with('-') || digits.starts_with('+')) return {};
  if (text.starts_with('-')) {
    // from_chars takes the sign, so that the least number is one too.
    if (const auto number = whole<std::int64_t>(fmt::format("-{}", digits), base)) return *number;
    return {};
  }
  if (const auto number = whole<std::int64_t>(digits, base)) return *number;
  if (is_signed) return {};
  if (const auto number = whole<std::uint64_t>(digits, base)) return *number;
  return {};
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(numerals, at), text.size()) - at;
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_real(std::string_view text) {
  std::size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const auto before = digits_at(text, at);
  at += before;
  std::size_t after = 0;
  if (at < text.size() && text[at] == '.') {
    after = digits_at(text, ++at);
    at += after;
  }
  if (before + after == 0) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const auto exponent = digits_at(text, at);
  return exponent > 0 && at + exponent == text.size();
}

/// Beyond the largest it is a text; below the smallest it is 0.
std::optional<GoNumber> read_real(const std::string& text) {
  if (!is_real(text)) return {};
  const double number = std::strtod(text.c_str(), nullptr);
  if (std::isinf(number)) return {};
  return number;
}

/// Where a number begins with its point, go-yaml leaves underscores to strconv.ParseFloat, which wants each
/// between two digits.
bool has_loose_underscore(std::string_view text) {
  for (auto at = text.find('_'); at != text.npos; at = text.find('_', at + 1)) {
    if (at + 1 == text.size() || !is_numeral(text[at - 1]) || !is_numeral(text[at + 1])) return true;
  }
  return false;
}

/// The shortest digits that read back as `number`, and the exponent of the first.
struct Shortest {
  std::string digits;
  int exponent = 0;
};

Shortest shortest(auto number) {
  std::array<char, 64> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific);
  const std::string_view written(text.data(), static_cast<std::size_t>(end.ptr - text.data()));
  const auto e = written.find('e');
  Shortest found;
  for (const char c : written.substr(0, e)) {
    if (is_numeral(c)) found.digits += c;
  }
  const auto exponent = written.substr(e + (written[e + 1] == '+' ? 2 : 1));
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), found.exponent);
  return found;
}

/// strconv.FormatFloat(number, 'g', -1, 32)
std::string real_key(double real) {
  const auto number = static_cast<float>(real);
  if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
  const std::string sign = std::signbit(number) ? "-" : "";
  auto [digits, exponent] = shortest(std::abs(number));
  constexpr int most_plain = 6;
  if (exponent < -4 || exponent >= most_plain) {
    if (digits.size() > 1) digits.insert(1, ".");
    return fmt::format("{}{}e{}{:02}", sign, digits, exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) return fmt::format("{}0.{:0>{}}", sign, digits, digits.size() - exponent - 1);
  const auto before = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= before) return sign + digits.append(before - digits.size(), '0');
  return sign + digits.insert(before, ".");
}

}  // namespace

std::optional<GoNumber> read_go_number(std::string_view text) {
  if (text.empty()) return {};
  if (text.front() == '.' && has_loose_underscore(text)) return {};
  const bool begins = is_numeral(text.front()) || std::string_view("+-.").find(text.front()) != text.npos;
  if (!begins) return {};
  std::string plain(text);
  std::erase(plain, '_');
  if (text.front() != '.') {
    if (auto number = read_whole(plain)) return number;
  }
  return read_real(plain);
}

decltype(Node::value) as_json(const GoNumber& number) {
  if (const auto* integer = std::get_if<std::int64_t>(&number)) return *integer;
  if (const auto* large = std::get_if<std::uint64_t>(&number)) return static_cast<double>(*large);
  const double real = std::get<double>(number);
  // encoding/json writes these with an exponent.
  constexpr double first_with_exponent = 1e21;
  if (std::abs(real) >= first_with_exponent || real != std::trunc(real)) return real;
  auto [digits, exponent] = shortest(std::abs(real));
  digits.append(static_cast<std::size_t>(exponent) + 1 - digits.size(), '0');
  if (real < 0) digits.insert(0, "-");
  if (const auto integer = whole<std::int64_t>(digits, 10)) return *integer;
  return real;
}

std::optional<std::string> go_key(const GoNumber& number) {
  if (const auto* integer = std::get_if<std::int64_t>(&number)) return fmt::to_string(*integer);
  if (const auto* real = std::get_if<double>(&number)) return real_key(*real);
  return {};
}

}  // namespace greenwave::yaml
