#include "access/subject.h"

#include <algorithm>
#include <optional>

namespace greenwave::hub {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Takes what a backslash stands for from the text behind it.
std::optional<char> take_escaped(std::string_view& text) {
  if (text.empty()) return {};
  const int high = hex_digit(text[0]);
  const int low = text.size() > 1 ? hex_digit(text[1]) : -1;
  if (high >= 0 && low >= 0) {
    text.remove_prefix(2);
    return static_cast<char>(high * 16 + low);
  }
  constexpr std::string_view special = ",+\"\\<>;=# ";
  const char c = text[0];
  if (special.find(c) == std::string_view::npos) return {};
  text.remove_prefix(1);
  return c;
}

/// Takes a value, up to the comma that ends it.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  while (!text.empty() && text.front() != ',') {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '+' || c == '"' || c == '#') return {};
    if (c != '\\') {
      value += c;
      continue;
    }
    const auto escaped = take_escaped(text);
    if (!escaped) return {};
    value += *escaped;
  }
  return value;
}

}  // namespace

std::vector<NamePart> read_subject(std::string_view text) {
  std::vector<NamePart> parts;
  while (true) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return {};
    NamePart part{.type = std::string(text.substr(0, equals)), .value = {}};
    if (part.type.find_first_of(",+\\\"") != std::string::npos) return {};
    text.remove_prefix(equals + 1);
    auto value = take_value(text);
    if (!value) return {};
    part.value = std::move(*value);
    parts.push_back(std::move(part));
    if (text.empty()) return parts;
    text.remove_prefix(1);
  }
}

std::string only(const std::vector<NamePart>& subject, std::string_view type) {
  if (std::ranges::count(subject, type, &NamePart::type) != 1) return {};
  return std::ranges::find(subject, type, &NamePart::type)->value;
}

}  // namespace greenwave::hub
