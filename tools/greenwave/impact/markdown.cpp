#include "impact/markdown.h"

#include <algorithm>

#include "base/text.h"

namespace greenwave::cli::markdown {

namespace {

std::size_t longest_run(std::string_view text, char letter) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == letter ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

/// Names of people and issues are looked up in what is rendered: an empty comment takes them apart.
bool is_looked_up(char c) {
  return c == '@' || c == '#';
}

std::string entity(char c) {
  switch (c) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    default:
      return is_looked_up(c) ? std::string(1, c) + "<!-- -->" : std::string(1, c);
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  static constexpr std::string_view markup = "\\`*_[]|~!:";
  std::string safe;
  for (const char c : printable(text)) {
    if (markup.find(c) != std::string_view::npos) safe += '\\';
    safe += entity(c);
  }
  return safe;
}

std::string code(std::string_view text) {
  const auto line = printable(text);
  if (line.empty()) return {};
  const std::string fence(longest_run(line, '`') + 1, '`');
  const bool touches = line.front() == '`' || line.back() == '`';
  return touches ? fence + ' ' + line + ' ' + fence : fence + line + fence;
}

std::string html(std::string_view text) {
  std::string safe;
  for (const char c : printable(text)) safe += entity(c);
  return safe;
}

std::string cell(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

}  // namespace greenwave::cli::markdown
