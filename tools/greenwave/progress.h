#pragma once

#include <string>

#include "context/style.h"
#include "daemon/agent.h"

namespace greenwave::cli {

/// Formats a sync's events. On a terminal the phase is one line that is overwritten, below a line for each
/// object; elsewhere every event is a line.
class Progress {
 public:
  explicit Progress(const Style& style) : style_(style) {}
  std::string add(const sync::Event& event);

 private:
  std::string phase_line() const;

  Style style_;
  std::string phase_;
};

}  // namespace greenwave::cli
