#pragma once

#include <string>

#include "style.h"
#include "sync/agent.h"

namespace greenwave::cli {

/// Turns a sync's events into what to write: on a terminal the phase is one line that is replaced, and each
/// object a line that stays; elsewhere every event is a line.
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
