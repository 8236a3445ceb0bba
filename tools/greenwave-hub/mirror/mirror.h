#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "config/mirror_config.h"

namespace greenwave::hub {

/// Follows the upstream on a thread of its own: at each interval, and when asked to. After failures it waits
/// longer.
class Mirror {
 public:
  /// All outlive this.
  Mirror(const MirrorConfig& config, const Log& log);
  ~Mirror();
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  /// Fetches now, or once more after a fetch that is under way. From any thread.
  void fetch_now();

  struct Counts {
    Time last_success{};      ///< when what the upstream had was here; zero: never yet
    std::uint64_t polls = 0;  ///< questions whether there is something to fetch
    std::uint64_t fetches = 0;
    std::uint64_t failures = 0;  ///< of both
  };
  Counts counts() const;

 private:
  class Course;

  void follow();
  enum class Woken : std::uint8_t { by_time, by_webhook, to_stop };
  Woken rest(Duration time);

  const MirrorConfig& config_;
  const Log& log_;
  std::atomic<bool> stop_ = false;
  mutable Mutex mutex_;
  Condition wakeup_;
  bool is_asked_ GUARDED_BY(mutex_) = false;
  Counts counts_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace greenwave::hub
