#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/transfer_error.h"
#include "loop/loop.h"

namespace greenwave::hub {

/// A request to a server elsewhere.
struct Call {
  std::string method = "GET";
  std::string url;                     ///< a private one (http/credentials.h), with its path
  std::vector<std::string> headers{};  ///< "Name: value"; may hold secrets
  std::string body{};
  std::string authorities{};                    ///< PEM; empty: the system's. Certificates are always checked
  std::size_t most_bytes = 1024 * 1024;         ///< of the answer's body, unpacked
  Duration timeout = std::chrono::seconds(30);  ///< for the whole
};

struct Reply {
  long status = 0;
  std::string body;
  Duration retry_after{};  ///< zero: the server sent none
  /// There is no reply, or not all of it; its message names the server, never a path, a header or a body.
  std::optional<http::TransferError> failure;

  bool success() const { return !failure && status >= 200 && status < 300; }
};

/// Requests to any number of servers at a time, by libcurl's multi interface, run by the loop. No redirect is
/// followed, so that a token goes to the server that it is for and to no other. On the loop's thread.
class Outbound {
 public:
  using Then = std::function<void(Reply reply)>;

  /// `loop` outlives this. Throws Error when there is no memory.
  explicit Outbound(Loop& loop);
  /// Those under way are not answered any more.
  ~Outbound();
  Outbound(const Outbound&) = delete;
  Outbound& operator=(const Outbound&) = delete;

  /// `then` is called once, never from within this call.
  void send(Call call, Then then);

 private:
  struct Exchange;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace greenwave::hub
