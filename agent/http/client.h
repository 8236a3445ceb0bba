#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "http/transfer_error.h"

namespace greenwave::http {

/// Where a server listens, and the identities of both sides.
struct Endpoint {
  std::string address;  ///< "https://10.0.0.1:6443/prefix", "http://localhost"; no slash at its end
  std::filesystem::path unix_socket;        ///< instead of TCP; the address then only names the host
  std::string authorities;                  ///< PEM; empty: the system's. Certificates are always checked
  std::string certificate;                  ///< PEM, the client's; empty: none
  std::string key;                          ///< PEM, the certificate's; a secret
  bool plain = false;                       ///< http:// over TCP as well
  bool proxies = false;                     ///< the environment's are asked: the server is not near
  Duration idle = std::chrono::minutes(2);  ///< how long a connection may be unused, and still be used again
};

struct Request {
  std::string method = "GET";
  std::string path;                  ///< after the address, with its query
  std::vector<std::string> headers;  ///< "Name: value"; may hold secrets
  std::string body;
  /// Instead of a body: `source_bytes` bytes, which `source` puts piece by piece into the buffer that it is
  /// given, as read(2) does. Must not call the client; what it throws ends the request.
  std::function<std::size_t(std::span<char>)> source;
  bool asks_first = false;  ///< sends the body only when the server wants it, or does not say
  std::uint64_t source_bytes = 0;
  std::size_t most_bytes = 16 * 1024 * 1024;  ///< of the answer's body, unpacked
  Duration connect = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(60);  ///< for the whole; zero: none, only `silence` counts
  Duration silence = std::chrono::seconds(30);  ///< without a byte in either direction; zero: any
  /// Takes a success's body piece by piece, which then is not kept; false ends the request, as if the answer
  /// had ended there. Must not call the client.
  std::function<bool(std::string_view)> sink;
};

struct Response {
  long status = 0;
  std::string body;
  std::string type;                   ///< Content-Type in lower case, without parameters
  std::vector<std::string> warnings;  ///< the Warning headers' values, at most 20
  std::string api_version;            ///< podman's Libpod-Api-Version header; empty where there is none
  Duration retry_after{};             ///< zero: the server sent none
  std::optional<Time> date;           ///< by the server's clock

  bool success() const { return status >= 200 && status < 300; }
};

/// The result of one of several requests.
struct Answer {
  Response response;
  std::optional<TransferError>
      failure;  ///< there is no response: the server was not reached, or not to the end
};

/// Requests to one server, over connections that are kept. One thread. What the server answers is a Response
/// whatever its status; TransferError means that there is none: transient (refused, lost, too slow, too
/// large), untrusted (certificate), invalid (address, client certificate). No redirect is followed. Errors
/// name the server and curl's reason, never a path, a header or a body.
class Client {
 public:
  /// `stop` must outlive this. `while_waiting` is called about five times a second while an answer is waited
  /// for (for a watchdog).
  Client(Endpoint endpoint, const std::atomic<bool>& stop, std::function<void()> while_waiting = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Throws Error, also when `stop` was set (transient).
  Response send(const Request& request);

  /// Sends all, at most `at_once` at the same time, and calls `on_answer` with each one's index as it comes,
  /// in any order. `on_answer` must not call the client; what it throws ends the rest.
  void send_all(std::span<const Request> requests, std::size_t at_once,
                const std::function<void(std::size_t index, Answer answer)>& on_answer);

  /// The time of one way there and back, as far as it is known: the last connection took as long to be made,
  /// or what is nearer than the server accepted it, and no answer came sooner. Zero: there was none.
  Duration round_trip() const { return std::max(connecting_, fastest_.value_or(Duration::zero())); }

  /// Requests sent so far.
  std::uint64_t sent() const { return sent_; }

 private:
  struct Exchange;
  struct Handles;

  Endpoint endpoint_;
  const std::atomic<bool>& stop_;
  std::function<void()> while_waiting_;
  std::unique_ptr<Handles> handles_;
  std::uint64_t sent_ = 0;
  Duration connecting_{};
  std::optional<Duration> fastest_{};  ///< from a request to its answer
};

}  // namespace greenwave::http
