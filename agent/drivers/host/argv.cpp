#include "drivers/host/argv.h"

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::drivers::host {

std::vector<std::string> read_argv(yaml::Fields& spec, std::string_view key) {
  auto argv = spec.texts(key);
  if (!spec.has(key)) return argv;
  const std::string remedy = "write the program and its arguments as a list: [/usr/bin/tool, --flag]";
  if (argv.empty() || argv.front().empty()) {
    spec.error(key, fmt::format("{} names no program", key), remedy);
  } else if (argv.size() == 1 && argv.front().find(' ') != std::string::npos) {
    spec.error(key, fmt::format("{} is one word with spaces in it; no shell takes it apart", key), remedy);
  }
  for (const auto& word : argv) {
    if (word.find('\0') != std::string::npos) spec.error(key, fmt::format("{} holds a NUL byte", key));
  }
  return argv;
}

std::string shown(const std::vector<std::string>& argv) {
  std::string line;
  for (const auto& word : argv) {
    if (!line.empty()) line += ' ';
    const bool plain =
        !word.empty() && word.find_first_of(" \t\n'\"\\$&;|<>()*?#`~!{}[]") == std::string::npos;
    if (plain) {
      line += printable(word);
      continue;
    }
    line += '\'';
    for (const char c : printable(word)) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace greenwave::drivers::host
