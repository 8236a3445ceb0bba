#include "context/style.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t narrowest = 40;

std::string_view code_of(Paint how) {
  switch (how) {
    case Paint::good:
      return "1;32";
    case Paint::bad:
      return "1;31";
    case Paint::caution:
      return "1;33";
    case Paint::strong:
      return "1";
    case Paint::faint:
      return "2";
    case Paint::added:
      return "32";
    case Paint::removed:
      return "31";
    case Paint::place:
      return "36";
  }
  return "0";
}

/// A whole number of columns in COLUMNS; 0: there is none.
std::size_t wanted_columns() {
  const char* text = std::getenv("COLUMNS");
  const std::string_view wanted = text == nullptr ? "" : text;
  std::size_t columns = 0;
  const auto [end, failure] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), columns);
  return failure == std::errc{} && end == wanted.data() + wanted.size() ? columns : 0;
}

std::size_t width_of(int fd, bool terminal) {
  auto columns = wanted_columns();
  if (columns == 0 && !terminal) return unlimited;
  winsize size{};
  if (columns == 0 && ::ioctl(fd, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  if (columns == 0) return Style().width;
  return std::clamp(columns, narrowest, unlimited);
}

std::size_t columns_of(std::string_view text) {
  // Every byte except UTF-8 continuation bytes starts a character.
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

Style style_of(int fd, bool no_color) {
  Style style;
  style.terminal = ::isatty(fd) != 0;
  const char* forbidden = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  style.color = style.terminal && !no_color && (forbidden == nullptr || *forbidden == '\0') &&
                (terminal == nullptr || std::string_view(terminal) != "dumb");
  style.width = width_of(fd, style.terminal);
  return style;
}

std::string paint(const Style& style, Paint how, std::string_view text) {
  if (!style.color) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code_of(how), text);
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string wrapped;
  const auto clean = printable_lines(text);
  std::size_t column = indent;
  const auto new_line = [&] {
    wrapped += '\n' + std::string(indent, ' ');
    column = indent;
  };
  for (const auto line : split(clean, '\n')) {
    if (!wrapped.empty()) new_line();
    for (const auto word : split(line, ' ')) {
      if (word.empty()) continue;
      const auto length = columns_of(word);
      if (column > indent && column + 1 + length > width) new_line();
      if (column > indent) {
        wrapped += ' ';
        ++column;
      }
      wrapped += word;
      column += length;
    }
  }
  return wrapped;
}

std::string moment(Time time) {
  const auto iso = to_iso(time);
  return fmt::format("{} {} UTC", iso.substr(0, 10), iso.substr(11, 5));
}

std::string relative(Time time, Time now) {
  auto past = now - time;
  // Above an hour, to the nearest minute: a pause of 2h does not end "in 1h 59m".
  if (std::chrono::abs(past) >= std::chrono::hours(1)) past = std::chrono::round<std::chrono::minutes>(past);
  if (past > std::chrono::seconds(-1) && past < std::chrono::seconds(1)) return "just now";
  return past.count() > 0 ? to_words(past) + " ago" : "in " + to_words(-past);
}

std::string short_id(const CommitId& commit) {
  return printable(commit.shortened());
}

}  // namespace greenwave::cli
