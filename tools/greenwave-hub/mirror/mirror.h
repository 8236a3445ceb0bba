#pragma once

#include <atomic>
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
    Time last_success{};  ///< zero: none yet
    std::uint64_t fetches = 0;
    std::uint64_t failures = 0;
  };
  Counts counts() const;

 private:
  void follow();
  bool rest(Duration time);

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
