#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mutex.h"

namespace greenwave::hub {

/// One thread that waits for descriptors and times (epoll(7)), and calls back. Everything but post() and
/// stop() belongs to that thread. A callback must not throw.
class Loop {
 public:
  using Callback = std::function<void()>;
  enum Interest : unsigned { reading = 1, writing = 2 };

  /// Throws Error when the system has no more descriptors.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Calls back while the descriptor is ready for any of `interests` (of Interest). One callback a
  /// descriptor; a second call changes it. The descriptor stays its owner's, who must call unwatch() before
  /// it is closed.
  void watch(int fd, unsigned interests, Callback ready);
  void unwatch(int fd);

  using Timer = std::uint64_t;  ///< 0: none
  /// Once, after `delay`.
  Timer after(Duration delay, Callback due);
  /// Nothing happens for one that was due, or is 0.
  void cancel(Timer timer);

  /// Calls back before each wait, until which the callback may take as long as it gives; nothing: any time.
  void before_waiting(std::function<std::optional<Duration>()> callback);

  /// Calls back soon, on the loop's thread. From any thread.
  void post(Callback callback) EXCLUDES(mutex_);

  /// Until stop(), which any thread or signal handler may call.
  void run();
  void stop();

 private:
  struct Watched {
    unsigned interests = 0;
    Callback ready;
  };
  using Key = std::pair<Instant, Timer>;

  void wait();
  void wake() const;
  void call_due();
  void call_posted() EXCLUDES(mutex_);
  int longest_wait() const;

  Fd epoll_;
  Fd wakeup_;
  std::atomic<bool> stopped_ = false;
  std::unordered_map<int, std::shared_ptr<Watched>> watched_;
  std::map<Key, Callback> timers_;
  std::unordered_map<Timer, Instant> due_;
  Timer last_timer_ = 0;
  std::function<std::optional<Duration>()> before_waiting_;
  std::optional<Duration> wish_;
  Mutex mutex_;
  std::vector<Callback> posted_ GUARDED_BY(mutex_);
};

}  // namespace greenwave::hub
