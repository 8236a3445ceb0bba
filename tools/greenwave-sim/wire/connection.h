#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "base/fd.h"
#include "base/handle.h"
#include "loop/loop.h"
#include "wire/response.h"
#include "wire/traffic.h"

namespace greenwave::sim {

using TlsContext = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
/// A client's: certificates are checked against the authorities of this PEM file. Throws Error.
TlsContext make_client_context(const std::string& authorities_file);

/// A server, on loopback.
struct Target {
  std::string host;  ///< in its certificate
  std::uint16_t port = 0;
  SSL_CTX* context = nullptr;  ///< outlives the connections
};

/// A certificate of the client's own.
struct ClientIdentity {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

/// Requests of one device to one server, one at a time, over a connection that is kept as long as the server
/// allows: HTTP/1.1 and TLS, as the agent has them. The loop's thread.
class Connection {
 public:
  /// Whoever asks. Both may send again, but not destroy the connection.
  class Asker {
   public:
    virtual ~Asker() = default;
    virtual void answered(Connection& by, Response& response) = 0;
    /// There is no answer.
    virtual void lost(Connection& by) = 0;
  };

  /// `source`: the address that connections come from, in host order. Everything outlives this.
  Connection(hub::Loop& loop, const Target& target, std::uint32_t source, Traffic& traffic, Asker& asker)
      : loop_(loop), target_(target), source_(source), traffic_(traffic), asker_(asker) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void identify(const ClientIdentity& identity) { identity_ = identity; }

  /// A request's bytes. It is lost when there is no answer after `patience`; of the answer's body no more
  /// than `kept` is kept. Not while another is under way. On a connection that the server closed meanwhile it
  /// is sent once more, on a new one, as libcurl does.
  void send(std::string request, Duration patience, std::size_t kept);
  bool is_busy() const { return reader_.has_value(); }
  /// What is under way has no answer, and nobody is told.
  void close();

 private:
  void open();
  void ready();
  bool greet();
  bool write();
  void read();
  void end_of_stream();
  void finish();
  void fail();
  bool wants_more(int result);
  void watch(unsigned interests);
  void count_bytes();

  hub::Loop& loop_;
  const Target& target_;
  std::uint32_t source_;
  Traffic& traffic_;
  Asker& asker_;
  ClientIdentity identity_;
  Fd socket_;
  std::unique_ptr<SSL, Freed<SSL_free>> tls_;
  bool is_greeted_ = false;
  bool is_used_ = false;  ///< it has answered before
  unsigned interests_ = 0;
  std::uint64_t counted_sent_ = 0, counted_received_ = 0;  ///< of this connection, in traffic_
  std::string request_;
  std::size_t sent_ = 0;
  std::size_t kept_ = 0;
  std::optional<ResponseReader> reader_;  ///< of the request under way
  hub::Loop::Timer patience_ = 0;
};

}  // namespace greenwave::sim
