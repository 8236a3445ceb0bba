#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/log.h"
#include "config/config.h"
#include "daemon/agent.h"

namespace greenwave::control {

/// Limits for clients.
struct Limits {
  unsigned connections = 32;      ///< further ones are closed at once
  std::chrono::seconds idle{10};  ///< for a client that neither sends nor reads
  std::size_t body = 64 * 1024;
  unsigned members =
      16;  ///< connections for all but root and the daemon's own user; half of them for one user
};

/// The local API on a unix socket (see README.md in this folder). While nobody is connected, one thread
/// sleeps in poll(2). Each connection has its own thread, so that a slow client, a diff or a followed sync
/// blocks nobody else.
class Server {
 public:
  /// Listens at config.socket() and serves it in its own threads. All arguments must outlive it. Throws
  /// Error: conflict when another daemon listens there.
  Server(daemon::Agent& agent, const config::Config& config, const Log& log, const Limits& limits = {});
  /// Ends open streams, waits for running calls, and removes the socket.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace greenwave::control
