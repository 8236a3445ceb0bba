#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/commit_id.h"

namespace greenwave::cli {

/// How to format text for standard output.
struct Style {
  bool color = false;
  bool terminal = false;   ///< lines may be updated in place
  std::size_t width = 80;  ///< columns; text is wrapped to it
};

/// Of text that is not wrapped: what reads it looks for whole lines.
inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max() / 2;

/// Colours only on a terminal, and not with --no-color or NO_COLOR (https://no-color.org). The width is
/// COLUMNS, else the terminal's, else unlimited.
Style style_of(int fd, bool no_color);

enum class Paint { good, bad, caution, strong, faint, added, removed, place };
std::string paint(const Style& style, Paint how, std::string_view text);

/// Wraps the text at `width` columns. The first line is assumed to start after `indent` blanks already; the
/// others are indented. Bytes that are not printable are escaped.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width);

/// "2026-11-24 06:11 UTC"
std::string moment(Time time);
/// "25s ago", "just now", or "in 35s".
std::string relative(Time time, Time now);
/// CommitId::shortened; what is no commit's id is made printable.
std::string short_id(const CommitId& commit);

}  // namespace greenwave::cli
