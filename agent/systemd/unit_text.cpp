#include "systemd/unit_text.h"

#include "base/text.h"

namespace greenwave::systemd {

std::vector<std::string> logical_lines(std::string_view text) {
  std::vector<std::string> lines;
  bool continues = false;
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const bool goes_on = line.ends_with('\\');
    const auto part = goes_on ? line.substr(0, line.size() - 1) : line;
    if (continues) {
      lines.back().append(" ").append(part);
    } else {
      lines.emplace_back(part);
    }
    continues = goes_on;
  }
  return lines;
}

}  // namespace greenwave::systemd
