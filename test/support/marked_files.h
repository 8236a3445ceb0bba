#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace greenwave::test {

/// The files of a fuzz target's input, each begun by a line "=== PATH".
inline std::map<std::string, std::string> marked_files(std::string_view input) {
  constexpr std::string_view mark = "=== ";
  std::map<std::string, std::string> files;
  while (files.size() < 32) {
    const auto at = input.find(mark);
    if (at == std::string_view::npos) break;
    input.remove_prefix(at + mark.size());
    const auto line_end = std::min(input.find('\n'), input.size());
    const auto path = input.substr(0, line_end);
    input.remove_prefix(std::min(line_end + 1, input.size()));
    // git has no other paths than these.
    const bool valid = !path.empty() && !path.starts_with('/') && !path.ends_with('/') &&
                       path.find("//") == std::string_view::npos && path.find('\0') == std::string_view::npos;
    if (valid) files.emplace(path, input.substr(0, input.find(mark)));
  }
  return files;
}

}  // namespace greenwave::test
