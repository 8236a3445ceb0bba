#include "render/feature_extents.h"

#include <algorithm>
#include <array>
#include <string>

namespace greenwave::render {

namespace {

constexpr auto npos = std::string_view::npos;

/// The next quote or bracket from `at` on. A table, because std's find_first_of takes five times as long.
std::size_t next_mark(std::string_view text, std::size_t at) {
  static constexpr auto is_mark = [] {
    std::array<bool, 256> marks{};
    for (const unsigned char mark : {'"', '{', '}', '[', ']'}) marks[mark] = true;
    return marks;
  }();
  while (at < text.size() && !is_mark[static_cast<unsigned char>(text[at])]) ++at;
  return at < text.size() ? at : npos;
}

/// Where the string ends that begins with the quote at `at`: its closing quote.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  while ((at = text.find('"', at + 1)) != npos) {
    auto slash = at;
    while (text[slash - 1] == '\\') --slash;
    if ((at - slash) % 2 == 0) return at;
  }
  return npos;
}

/// Where the outermost object's member `name` has its value; npos if nowhere.
std::size_t value_of(std::string_view text, std::string_view name) {
  int depth = 0;
  for (std::size_t at = 0; (at = next_mark(text, at)) != npos; ++at) {
    if (text[at] == '"') {
      const auto end = end_of_string(text, at);
      if (end == npos) return npos;
      const auto key = text.substr(at + 1, end - at - 1);
      at = end;
      const auto colon = text.find_first_not_of(" \t\r\n", end + 1);
      if (depth == 1 && key == name && colon != npos && text[colon] == ':') {
        return text.find_first_not_of(" \t\r\n", colon + 1);
      }
    } else {
      depth += text[at] == '{' || text[at] == '[' ? 1 : -1;
    }
  }
  return npos;
}

}  // namespace

std::optional<std::vector<FeatureExtent>> features_that_may_be(std::string_view text, std::string_view id) {
  const auto type = value_of(text, "type");
  const auto features = value_of(text, "features");
  if (type == npos || !text.substr(type).starts_with("\"FeatureCollection\"")) return {};
  if (features == npos || text[features] != '[') return {};

  std::vector<FeatureExtent> found;
  const auto quoted = "\"" + std::string(id) + "\"";
  std::size_t told = 0;  // up to where lines were counted
  std::uint32_t line = 1;
  std::size_t line_start = 0;
  const auto keep = [&](std::string_view feature) {
    // Whoever escapes a character may have escaped one of the id.
    if (feature.find(quoted) == npos && feature.find('\\') == npos) return;
    const auto start = static_cast<std::size_t>(feature.data() - text.data());
    for (auto at = text.find('\n', told); at < start; at = text.find('\n', at + 1)) {
      ++line;
      line_start = at + 1;
    }
    told = start;
    const auto before = text.substr(line_start, start - line_start);
    found.push_back(
        {feature, line,
         1 + static_cast<std::uint32_t>(std::count_if(before.begin(), before.end(), is_start_of_character))});
  };

  std::size_t start = 0;
  int depth = 0;
  for (auto at = features + 1; (at = next_mark(text, at)) != npos; ++at) {
    switch (text[at]) {
      case '"':
        at = end_of_string(text, at);
        if (at == npos) return {};
        break;
      case '{':
      case '[':
        if (depth++ == 0) start = at;
        break;
      default:
        if (depth == 0) return found;
        if (--depth == 0) keep(text.substr(start, at + 1 - start));
    }
  }
  return {};
}

}  // namespace greenwave::render
