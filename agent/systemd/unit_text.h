#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave::systemd {

/// A line of a unit file: one that begins a section, or sets something in it.
struct UnitLine {
  std::size_t number = 0;  ///< of its first line, from 1
  std::string text;        ///< with the lines that continue it
  std::string section;     ///< "Service": that it begins or is in; empty: before any
  std::string key;         ///< empty: it sets nothing
  std::string value;

  bool begins_section() const { return text.starts_with('['); }
};

/// Reads a unit file (systemd.syntax(7)): a backslash at the end continues a line, and comment lines between
/// continued ones are skipped.
std::vector<UnitLine> unit_lines(std::string_view text);

}  // namespace greenwave::systemd
