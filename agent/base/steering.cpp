#include "base/steering.h"

#include <utility>

#include <pthread.h>

namespace greenwave {

namespace {

constexpr int wakeup = SIGUSR1;

}  // namespace

sigset_t block_signals() {
  sigset_t set{};
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, wakeup}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

Steering::Steering(const sigset_t& signals, std::function<void()> stop, std::function<void()> reload)
    : thread_([signals, stop = std::move(stop), reload = std::move(reload)](const std::stop_token& end) {
        int received = 0;
        while (sigwait(&signals, &received) == 0 && !end.stop_requested()) {
          if (received == SIGHUP) {
            if (reload) reload();
          } else if (received != wakeup) {
            stop();
          }
        }
      }) {}

Steering::~Steering() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), wakeup);  // so that it sees that
}

}  // namespace greenwave
