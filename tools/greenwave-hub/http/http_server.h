#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "base/fd.h"
#include "base/log.h"
#include "http/message.h"
#include "loop/loop.h"

namespace greenwave::hub {

struct HttpLimits {
  std::size_t body = 8 * 1024 * 1024;
  unsigned connections = 20'000;
  unsigned idle = 75;                        ///< seconds, for a client that neither sends nor reads
  std::size_t memory = 32 * 1024;            ///< of a connection, for the request line and headers
  std::size_t stream_backlog = 1024 * 1024;  ///< bytes that wait for a slow reader before it is cut off
};

/// HTTP on a unix socket, for the proxy that does TLS. Libmicrohttpd does the protocol, and is run by the
/// loop: its own threads stall when many connections are ready at once.
class HttpServer {
 public:
  /// `socket` listens already. `handle` gets each request; what it throws is answered with 500. All outlive
  /// this. Throws Error.
  HttpServer(Loop& loop, const Log& log, Fd socket, Handler handle, const HttpLimits& limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// No new connections; those that are open are closed after the request that they have under way.
  void drain();
  /// Requests that have no answer yet.
  std::size_t under_way() const;
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Listens at `path`, for its owner and group; what is left there of an earlier run is replaced. Throws Error
/// (conflict) when somebody listens there.
Fd listen_for_proxy(const std::filesystem::path& path);

}  // namespace greenwave::hub
