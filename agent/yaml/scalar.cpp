#include "yaml/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/base64.h"
#include "base/error.h"
#include "yaml/encoding.h"
#include "yaml/go_number.h"
#include "yaml/timestamp.h"

namespace greenwave::yaml {

namespace {

constexpr std::string_view core_null[] = {"", "~", "null", "Null", "NULL"};
constexpr std::string_view core_true[] = {"true", "True", "TRUE"};
constexpr std::string_view core_false[] = {"false", "False", "FALSE"};
constexpr std::string_view old_true[] = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};
constexpr std::string_view old_false[] = {"n", "N", "no", "No", "NO", "off", "Off", "OFF"};

constexpr std::string_view tag_prefix = "tag:yaml.org,2002:";

bool is_one_of(std::string_view text, const auto& words) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

bool all_digits(std::string_view text, std::string_view digits = "0123456789") {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

/// Integers of YAML 1.2.2, section 10.3.2. Beyond 64 bits they become real numbers, as in JSON readers.
std::optional<std::int64_t> core_integer(std::string_view text) {
  int base = 10;
  std::string_view digits = text;
  if (text.starts_with("0o")) {
    base = 8;
    digits.remove_prefix(2);
    if (!all_digits(digits, "01234567")) return {};
  } else if (text.starts_with("0x")) {
    base = 16;
    digits.remove_prefix(2);
    if (!all_digits(digits, "0123456789abcdefABCDEF")) return {};
  } else {
    if (digits.starts_with('+')) digits.remove_prefix(1);
    if (!all_digits(digits.starts_with('-') && text[0] == '-' ? digits.substr(1) : digits)) return {};
  }
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return {};
  return number;
}

std::optional<double> special_real(std::string_view text) {
  const auto unsigned_text = without_sign(text);
  if (unsigned_text == ".inf" || unsigned_text == ".Inf" || unsigned_text == ".INF") {
    const double infinity = std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -infinity : infinity;
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::numeric_limits<double>::quiet_NaN();
  return {};
}

std::optional<double> core_real(std::string_view text) {
  if (const auto special = special_real(text)) return special;
  const auto digits = without_sign(text);
  const auto mantissa = digits.substr(0, digits.find_first_of("eE"));
  if (!all_digits(mantissa, "0123456789.") || mantissa == ".") return {};
  double number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return {};
  return text.starts_with('-') ? -number : number;
}

Value core_scalar(std::string_view text) {
  if (const auto integer = core_integer(text)) return *integer;
  if (const auto real = core_real(text)) return *real;
  return std::string(text);
}

/// What go-yaml knows before JSON: a number may have no whole value of 64 bits.
Value go_scalar(std::string_view text, Dialect dialect) {
  if (const auto special = special_real(text)) return *special;
  if (const auto number = read_go_number(text)) return as_json(*number);
  if (dialect == Dialect::kustomize) {
    if (const auto time = timestamp_as_json(text)) return *time;
  }
  return std::string(text);
}

std::optional<Value> tagged_number(std::string_view tag, std::string_view text) {
  const bool integer = tag == "int";
  if (const auto special = special_real(text)) return integer ? std::nullopt : std::optional<Value>(*special);
  const auto number = read_go_number(text);
  if (!number || (integer && std::holds_alternative<double>(*number))) return {};
  // go-yaml makes no real number of what has 64 bits and no sign.
  if (!integer && std::holds_alternative<std::uint64_t>(*number)) return {};
  if (const auto* whole = std::get_if<std::int64_t>(&*number); whole != nullptr && !integer)
    return as_json(static_cast<double>(*whole));
  return as_json(*number);
}

std::optional<Value> binary(std::string_view text) {
  std::string digits(text);
  std::erase_if(digits, [](char c) { return c == '\n' || c == '\r'; });
  try {
    auto bytes = decode_base64(digits);
    if (is_utf8(bytes)) return bytes;
  } catch (const Error&) {
    // Not of this type.
  }
  return {};
}

}  // namespace

Value plain_scalar(std::string_view text, Dialect dialect) {
  if (is_one_of(text, core_null)) return nullptr;
  if (is_one_of(text, core_true)) return true;
  if (is_one_of(text, core_false)) return false;
  if (dialect == Dialect::own) return core_scalar(text);
  if (dialect == Dialect::kubernetes && is_one_of(text, old_true)) return true;
  if (dialect == Dialect::kubernetes && is_one_of(text, old_false)) return false;
  return go_scalar(text, dialect);
}

std::optional<Value> tagged_scalar(std::string_view tag, std::string_view text, Dialect dialect) {
  if (!tag.starts_with(tag_prefix)) return std::string(text);
  tag.remove_prefix(tag_prefix.size());
  if (tag == "int" || tag == "float") return tagged_number(tag, text);
  if (tag == "binary") return binary(text);
  auto plain = plain_scalar(text, dialect);
  if (tag == "bool") return std::holds_alternative<bool>(plain) ? std::optional(plain) : std::nullopt;
  if (tag == "null")
    return std::holds_alternative<std::nullptr_t>(plain) ? std::optional(plain) : std::nullopt;
  if (tag == "timestamp") {
    auto time = timestamp_as_json(text);
    if (!time) return {};
    return dialect == Dialect::kustomize ? std::move(*time) : std::string(text);
  }
  return std::string(text);
}

std::optional<std::string> key_text(std::string_view text, const Value& value) {
  if (const auto* string = std::get_if<std::string>(&value)) return *string;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (std::holds_alternative<std::nullptr_t>(value)) return {};
  if (const auto special = special_real(text))
    return std::isnan(*special) ? ".nan" : *special < 0 ? "-.inf" : ".inf";
  const auto number = read_go_number(text);
  return number ? go_key(*number) : std::nullopt;
}

bool is_old_boolean(std::string_view text) {
  return is_one_of(text, old_true) || is_one_of(text, old_false);
}

bool looks_octal(std::string_view text) {
  return text.size() > 1 && text[0] == '0' && all_digits(text);
}

bool is_whole(std::string_view text) {
  return all_digits(without_sign(text));
}

}  // namespace greenwave::yaml
