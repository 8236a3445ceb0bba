#pragma once

#include <functional>
#include <future>
#include <optional>

#include "base/fd.h"
#include "daemon/hold_length.h"
#include "sync/intake/intake.h"

namespace greenwave::daemon {

/// Waits, on a thread of its own and while nothing else is asked of the server, for the server to say that
/// the ref has changed. Used by one thread.
class Watch {
 public:
  /// `give_up` ends what does not end by itself; it is false otherwise, unless `stop` is true. `over` is
  /// called on the thread that waits when there is something to take. Everything outlives this. Throws Error
  /// when the system has no more descriptors.
  Watch(sync::Intake& intake, const std::atomic<bool>& stop, std::atomic<bool>& give_up,
        std::function<void()> over);
  ~Watch() { end(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// For so long at the most, or less where the link allows no more.
  void begin(Duration most);
  bool is_on() const { return answer_.valid(); }
  /// Once it is over; nothing if it was ended meanwhile.
  std::optional<git::Held> take();
  /// Returns when it has ended; nothing happens where nothing is waited for.
  void end();

 private:
  git::Held wait(Duration most);

  sync::Intake& intake_;
  const std::atomic<bool>& stop_;
  std::atomic<bool>& give_up_;
  std::function<void()> over_;
  HoldLength length_;
  Fd end_;
  std::atomic<bool> is_over_ = false;
  std::future<git::Held> answer_;
};

}  // namespace greenwave::daemon
