#include "base/shown_line.h"

#include <string>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mutex.h"
#include "base/text.h"

namespace greenwave {

namespace {

constexpr const char* clear_line = "\r\x1b[K";

struct Terminal {
  Mutex mutex;
  bool is_shown GUARDED_BY(mutex) = false;
};

Terminal& terminal() {
  static Terminal one;
  return one;
}

std::size_t terminal_width() {
  constexpr std::size_t usual = 80;
  constexpr std::size_t least = 8;
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= least ? size.ws_col : usual;
}

bool write_text(const std::string& text) {
  return ::write(STDERR_FILENO, text.data(), text.size()) >= 0;
}

}  // namespace

bool can_show_line() {
  return ::isatty(STDERR_FILENO) == 1;
}

void show_line(std::string_view text) {
  auto& [mutex, is_shown] = terminal();
  const Lock lock(mutex);
  if (!can_show_line() || (text.empty() && !is_shown)) return;
  // What is left out is said with one more character.
  if (write_text(clear_line + in_one_line(text, terminal_width() - 2))) is_shown = !text.empty();
}

void write_line(std::string_view line) {
  auto& [mutex, is_shown] = terminal();
  const Lock lock(mutex);
  write_text(fmt::format("{}{}", std::exchange(is_shown, false) ? clear_line : "", line));
}

}  // namespace greenwave
