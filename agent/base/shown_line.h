#pragma once

#include <string_view>

/// Standard error, where it is a terminal, can have a last line that changes. A process has one standard
/// error, so there is one such line; any thread may call these.
namespace greenwave {

bool can_show_line();

/// Shows it, cut to the terminal's width, until the next such or whole line; empty: none.
void show_line(std::string_view text);

/// Writes a whole line with its newline, in place of the one that is shown. One write per line keeps the
/// lines of several threads apart. A closed terminal is not an error.
void write_line(std::string_view line);

}  // namespace greenwave
