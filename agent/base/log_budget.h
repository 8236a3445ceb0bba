#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace greenwave {

/// How much a process may log, whatever happens to it. A journal is bounded, and what fails for a week must
/// not drive everything else out of it.
///
/// Messages that differ in numbers alone are of one kind. Of each kind a hundred are free, and one in an
/// hour; of all together 2 MiB are free, and another 2 MiB in a week. The next message of a kind says how
/// many were held back. One thread.
class LogBudget {
 public:
  /// The text to write at `now`; nothing: hold it back. `object` is what the message is about, or empty.
  std::optional<std::string> admit(std::string_view object, std::string_view text, Instant now);

 private:
  /// Fills up by the time that passes.
  struct Allowance {
    double left = 0;
    Instant filled{};

    void fill(Instant now, double per_second, double most);
  };
  struct Kind {
    Allowance lines;
    std::uint64_t held_back = 0;
  };

  Kind& kind_of(const std::string& name, Instant now);

  std::map<std::string, Kind> kinds_;
  std::optional<Allowance> bytes_;
};

}  // namespace greenwave
