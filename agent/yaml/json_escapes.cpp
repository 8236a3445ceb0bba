#include "yaml/json_escapes.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace greenwave::yaml {

namespace {

constexpr std::size_t escape_size = 6;

/// The number in the "\uXXXX" at the start of `text`.
std::optional<std::uint32_t> escaped(std::string_view text) {
  if (text.size() < escape_size || !text.starts_with("\\u")) return {};
  const char* const begin = text.data() + 2;
  const char* const end = text.data() + escape_size;
  std::uint32_t number = 0;
  if (std::from_chars(begin, end, number, 16).ptr != end) return {};
  return number;
}

}  // namespace

std::string join_surrogates(std::string_view json) {
  std::string joined;
  joined.reserve(json.size());
  while (!json.empty()) {
    const auto high = escaped(json);
    const auto low = high ? escaped(json.substr(escape_size)) : std::nullopt;
    if (high && low && *high >= 0xd800 && *high < 0xdc00 && *low >= 0xdc00 && *low < 0xe000) {
      joined += fmt::format("\\U{:08x}", 0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00));
      json.remove_prefix(2 * escape_size);
      continue;
    }
    // An escaped backslash must not be read as the start of an escape.
    const std::size_t size = json.front() == '\\' && json.size() > 1 ? 2 : 1;
    joined += json.substr(0, size);
    json.remove_prefix(size);
  }
  return joined;
}

}  // namespace greenwave::yaml
