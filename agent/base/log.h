#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log_budget.h"
#include "base/mutex.h"

namespace greenwave {

enum class Level { error, warning, info, debug };

/// Throws Error (invalid) whose remedy lists the accepted words.
Level parse_level(std::string_view word);

/// Structured fields of a message: {"OBJECT", "File/motd"} becomes GREENWAVE_OBJECT in the journal.
using LogFields = std::vector<std::pair<std::string_view, std::string>>;

/// Writes messages to journald, with their fields, when standard error is connected to the journal, and
/// otherwise as plain lines to standard error. How much it writes is bounded (log_budget.h), but for debug
/// messages, which somebody asked for. Thread-safe. Messages never hold secrets.
class Log {
 public:
  explicit Log(Level threshold);

  void error(std::string_view message, const LogFields& fields = {}) const {
    write(Level::error, message, fields);
  }
  void warning(std::string_view message, const LogFields& fields = {}) const {
    write(Level::warning, message, fields);
  }
  void info(std::string_view message, const LogFields& fields = {}) const {
    write(Level::info, message, fields);
  }
  void debug(std::string_view message, const LogFields& fields = {}) const {
    write(Level::debug, message, fields);
  }

 private:
  void write(Level level, std::string_view message, const LogFields& fields) const;

  std::optional<std::string> admit(std::string_view message, const LogFields& fields) const;

  Level threshold_;
  bool journal_;
  mutable Mutex mutex_;
  mutable LogBudget budget_ GUARDED_BY(mutex_);
};

}  // namespace greenwave
