#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/log.h"
#include "config/config.h"
#include "daemon/agent.h"

namespace greenwave::control {

/// What a client may cost.
struct Limits {
  unsigned connections = 16;      ///< one more is closed at once
  std::chrono::seconds idle{10};  ///< of a client that neither sends nor reads
  std::size_t body = 64 * 1024;
};

/// The local API on a unix socket (README.md beside this file). While nobody is connected it is one thread
/// that sleeps in poll(2); each connection has a thread for as long as it lasts, so that a slow client, a
/// diff or a followed sync holds up nobody else.
class Server {
 public:
  /// Listens at config.socket(), and answers from then on in threads of its own. All arguments must outlive
  /// it. Throws Error: conflict when another daemon listens there.
  Server(daemon::Agent& agent, const config::Config& config, const Log& log, const Limits& limits = {});
  /// Ends open streams, waits for calls under way, and removes the socket.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace greenwave::control
