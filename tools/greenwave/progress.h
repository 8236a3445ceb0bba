#pragma once

#include <string>

#include "context/style.h"
#include "daemon/agent.h"

namespace greenwave::cli {

/// Formats a sync's events. On a terminal the phase, or how far its fetch is, is one line that is
/// overwritten, below a line for each object; elsewhere every event is a line, of a fetch one every ten
/// seconds.
class Progress {
 public:
  explicit Progress(const Style& style) : style_(style) {}
  std::string add(const sync::Event& event);

 private:
  std::string phase_line() const;
  std::string fetch_line(const git::Fetching& fetch, const std::string& text);

  Style style_;
  std::string phase_;
  CommitId fetched_;  ///< the fetch that was last shown, and how long it had taken
  Duration shown_{};
};

}  // namespace greenwave::cli
