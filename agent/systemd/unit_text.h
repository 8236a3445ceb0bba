#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenwave::systemd {

/// The logical lines of a unit file (systemd.syntax(7)): a backslash at the end continues a line, and comment
/// lines between continued ones are skipped.
std::vector<std::string> logical_lines(std::string_view text);

}  // namespace greenwave::systemd
