#pragma once

#include <functional>
#include <thread>

#include <signal.h>

namespace greenwave {

/// Blocks the signals that steer a program: SIGTERM and SIGINT end it, SIGHUP has it read its configuration
/// again. To be called before the first thread is made, since each takes that over. Ignores SIGPIPE.
sigset_t block_signals();

/// Waits for them on a thread of its own; to be gone before what `stop` and `reload` touch.
class Steering {
 public:
  /// `reload` may be empty.
  Steering(const sigset_t& signals, std::function<void()> stop, std::function<void()> reload = {});
  ~Steering();
  Steering(const Steering&) = delete;
  Steering& operator=(const Steering&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace greenwave
