#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace greenwave::report {

/// What keeps a device from reporting, said once for each cause: in the log, and as a note of the status for
/// as long as it lasts. One thread.
class Trouble {
 public:
  Trouble(const Log& log, std::function<void(const std::string&)> remark)
      : log_(log), remark_(std::move(remark)) {}

  /// The hub gave no answer, or one that acknowledges nothing. The status says since when.
  void unreachable(const std::string& url, const std::string& why, Time now);
  /// Something that a person has to do, in words of its own.
  void blocked(const std::string& what);
  /// Something that stops no other report.
  void mention(const std::string& what);
  /// There is no hub any more.
  void forget();
  /// A report was acknowledged.
  void over(const std::string& url);

 private:
  static bool is_new(const std::string& what, std::string& said);
  void show(const std::string& note);

  const Log& log_;
  std::function<void(const std::string&)> remark_;
  std::string said_;       ///< without its numbers, which may count something
  std::string mentioned_;  ///< the same
  std::string remarked_;
  std::optional<Time> since_;
};

}  // namespace greenwave::report
