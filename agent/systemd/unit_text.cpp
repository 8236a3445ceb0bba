#include "systemd/unit_text.h"

#include "base/text.h"

namespace greenwave::systemd {

namespace {

std::vector<UnitLine> joined_lines(std::string_view text) {
  std::vector<UnitLine> lines;
  bool continues = false;
  std::size_t number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const bool goes_on = line.ends_with('\\');
    const auto part = goes_on ? line.substr(0, line.size() - 1) : line;
    if (continues) {
      lines.back().text.append(" ").append(part);
    } else if (!line.empty()) {
      lines.push_back({.number = number, .text = std::string(part), .section = {}, .key = {}, .value = {}});
    }
    continues = goes_on;
  }
  return lines;
}

}  // namespace

std::vector<UnitLine> unit_lines(std::string_view text) {
  auto lines = joined_lines(text);
  std::string section;
  for (auto& line : lines) {
    const std::string_view whole = line.text;
    const auto equals = whole.find('=');
    if (line.begins_section()) {
      section = whole.ends_with(']') ? whole.substr(1, whole.size() - 2) : whole;
    } else if (equals != std::string_view::npos) {
      line.key = trim(whole.substr(0, equals));
      line.value = trim(whole.substr(equals + 1));
    }
    line.section = section;
  }
  return lines;
}

}  // namespace greenwave::systemd
