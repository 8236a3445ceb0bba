#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// Podman restarts a container that ended at once, again and again: one that cannot run would take a core and
/// wear the flash. A pod found freshly started at two looks in a row is stopped for a while, each time
/// twice as long, up to a bound; it is never given up for good. Times are seconds. Pure.
class CrashWatch {
 public:
  /// A look at what runs; at most one a pass. `now` is of the clock that containers' starts are in.
  void look(const std::vector<Container>& containers, std::int64_t now);

  /// The agent itself started or stopped it: that is not a crash.
  void excuse(const std::string& pod);

  /// Whether a pod must be stopped for a while now.
  bool loops(const std::string& pod) const;
  /// Records that the pod was stopped at `now`, of a clock that only goes on; so with is_held.
  void hold(const std::string& pod, std::int64_t now);
  /// Whether it is to stay stopped.
  bool is_held(const std::string& pod, std::int64_t now) const;
  /// For how long it is, or was, stopped; 0: it never was.
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
