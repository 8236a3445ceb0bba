#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// Podman restarts a container that ends at once without any delay: one that cannot run would use up a core
/// and wear out the flash. A pod found freshly started at two looks in a row is stopped for a while, twice as
/// long each time, up to a limit; it is never given up for good. Times are in seconds. Pure.
class CrashWatch {
 public:
  /// Call at most once a pass. `now` is on the clock that containers' start times are on.
  void look(const std::vector<Container>& containers, std::int64_t now);

  /// The agent itself started or stopped the pod: not a crash.
  void excuse(const std::string& pod);

  /// Whether the pod keeps crashing and must be stopped for a while.
  bool loops(const std::string& pod) const;
  /// Records that the pod was stopped at `now`. This `now`, and is_held's, is on a monotonic clock.
  void hold(const std::string& pod, std::int64_t now);
  /// Whether the pod must stay stopped.
  bool is_held(const std::string& pod, std::int64_t now) const;
  /// For how long it is, or was last, stopped; 0: never.
  std::int64_t pause(const std::string& pod) const;

 private:
  struct Pod {
    std::int64_t started = 0;  ///< of its youngest container, when that was last seen young
    bool loops = false;
    std::int64_t pause = 0;
    std::int64_t until = 0;
  };
  std::map<std::string, Pod> pods_;
};

}  // namespace greenwave::drivers::podman
