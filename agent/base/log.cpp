#include "base/log.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/shown_line.h"
#include "base/text.h"

namespace greenwave {

namespace {

struct Name {
  Level level;
  const char* word;
  int priority;  // syslog(3)
};

constexpr Name names[] = {{Level::error, "error", 3},
                          {Level::warning, "warning", 4},
                          {Level::info, "info", 6},
                          {Level::debug, "debug", 7}};

const Name& name_of(Level level) {
  return names[static_cast<int>(level)];
}

/// systemd.exec(5): JOURNAL_STREAM holds "device:inode" of the stream that the journal reads.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat about {};
  return stream != nullptr && ::fstat(STDERR_FILENO, &about) == 0 &&
         fmt::format("{}:{}", about.st_dev, about.st_ino) == stream;
}

}  // namespace

Level parse_level(std::string_view word) {
  for (const auto& name : names) {
    if (word == name.word) return name.level;
  }
  throw Error(Fault::invalid, fmt::format("\"{}\" is not a log level", word),
              "use error, warning, info or debug");
}

Log::Log(Level threshold) : threshold_(threshold), journal_(stderr_is_journal()) {}

std::optional<std::string> Log::admit(std::string_view message, const LogFields& fields) const {
  const auto object =
      std::find_if(fields.begin(), fields.end(), [](const auto& field) { return field.first == "OBJECT"; });
  const Lock lock(mutex_);
  return budget_.admit(object == fields.end() ? "" : object->second, message,
                       std::chrono::steady_clock::now());
}

void Log::write(Level level, std::string_view message, const LogFields& fields) const {
  if (level > threshold_) return;
  const auto admitted = level == Level::debug ? std::string(message) : admit(message, fields);
  if (!admitted) return;
  const auto clean = printable_lines(*admitted);
  if (!journal_) {
    const auto line =
        fmt::format("{}{}\n", level <= Level::warning ? fmt::format("{}: ", name_of(level).word) : "", clean);
    write_line(line);
    return;
  }
  std::vector<std::string> texts{"MESSAGE=" + clean, fmt::format("PRIORITY={}", name_of(level).priority)};
  for (const auto& [key, value] : fields)
    texts.push_back(fmt::format("GREENWAVE_{}={}", key, printable(value)));
  std::vector<iovec> parts;
  parts.reserve(texts.size());
  for (auto& text : texts) parts.push_back({text.data(), text.size()});
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace greenwave
