#include "secrets/go_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/base64.h"
#include "base/error.h"
#include "yaml/go_number.h"
#include "yaml/timestamp.h"

namespace greenwave::secrets {

namespace {

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
  if (tag.empty() || tag == "timestamp") {
    if (auto time = yaml::timestamp_as_json(plain)) return *time;
  }
  const auto number = yaml::read_go_number(plain);
  if (!number) return std::string(plain);
  if (const auto* integer = std::get_if<std::int64_t>(&*number)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&*number)) return go_text(*real);
  return go_text(static_cast<double>(std::get<std::uint64_t>(*number)));
}

}  // namespace greenwave::secrets
