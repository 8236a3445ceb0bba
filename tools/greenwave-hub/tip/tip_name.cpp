#include "tip/tip_name.h"

#include <algorithm>

#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t longest = 500;
constexpr std::size_t least_parts = 4;  ///< NAME.tip, refs, heads, main

bool is_printable(char c) {
  return c > ' ' && c < '\x7f';
}

bool is_part(std::string_view part) {
  constexpr std::string_view not_in_refs = "~^:?*[\\";
  return !part.empty() && part.front() != '.' && !part.ends_with(".lock") &&
         std::ranges::all_of(part, is_printable) && part.find_first_of(not_in_refs) == std::string_view::npos;
}

}  // namespace

bool is_tip_path(std::string_view path) {
  if (path.size() > longest || !path.starts_with('/')) return false;
  const auto parts = split(path.substr(1), '/');
  if (parts.size() < least_parts || !std::ranges::all_of(parts, is_part)) return false;
  const auto tip = std::ranges::find_if(parts, [](auto part) { return part.ends_with(".tip"); });
  return tip != parts.end() && parts.end() - tip >= static_cast<std::ptrdiff_t>(least_parts) &&
         *(tip + 1) == "refs";
}

}  // namespace greenwave::hub
