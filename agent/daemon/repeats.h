#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

namespace greenwave::daemon {

/// What fails at every sync is logged at a falling rate: the first time, the second, the fourth, the eighth,
/// …
class Repeats {
 public:
  /// The text to log; nothing: not this time.
  std::optional<std::string> due(const std::string& text);
  /// A sync came to its end: what was not said in it counts from the beginning again.
  void end_sync();

 private:
  std::map<std::string, unsigned> times_;
  std::set<std::string> said_;
};

}  // namespace greenwave::daemon
