#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/digest.h"

namespace greenwave::guard {

/// A program that is to take the place of the agent's.
struct Candidate {
  std::string path;
  std::string_view content;
};

/// The configuration that it is to start with.
struct ConfigurationToCome {
  std::string path;
  std::optional<std::string> text{};  ///< nothing: what is there stays
  bool is_secret = false;             ///< nothing that a candidate says of it is repeated
};

/// Tries such programs before they are written: CANDIDATE --check-config. It runs from a file without a name
/// beside the path that it is for (so on a file system that lets it run, and gone with the power), as a
/// process group that is killed at the end, in bounded time and memory.
///
/// What a candidate said is remembered as long as this object lives: a pass that is repeated does not write
/// and run it again. One thread.
class Candidates {
 public:
  explicit Candidates(Duration patience = std::chrono::seconds(20)) : patience_(patience) {}

  /// Why it may not take that place; empty: it may. `while_waiting` is called about once a second; may be
  /// empty. Throws Error (transient) where it cannot be tried now.
  std::string why_not(const Candidate& candidate, ConfigurationToCome configuration,
                      const std::function<void()>& while_waiting);

  /// What was said before does not count: people insist.
  void forget() { said_.clear(); }

 private:
  Duration patience_;
  std::map<Digest, std::string> said_;
};

}  // namespace greenwave::guard
