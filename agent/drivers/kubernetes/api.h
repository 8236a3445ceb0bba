#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "drivers/kubernetes/access.h"
#include "http/client.h"

namespace greenwave::drivers::kubernetes {

/// One request to an API server. All requests of the agent can be repeated safely.
struct Call {
  std::string method = "GET";
  std::string path;  ///< with its query
  std::string body{};
  std::string body_type{};
  std::string accept = "application/json";
  std::string user{};  ///< to act as; empty: the agent's own
  bool fixed = false;  ///< about one version of the object: a conflict is final
  std::size_t most_bytes = 16 << 20;
};

/// For objects' metadata only, including who owns which field, without their content.
extern const char* const metadata_only;
extern const char* const metadata_list_only;

/// An API server as one user. One thread.
class Api {
 public:
  /// `stop` and `config` must outlive this; `while_waiting` is called at least once a second while waiting to
  /// repeat a request (for a watchdog).
  Api(const config::Kubernetes& config, const std::atomic<bool>& stop, std::function<void()> while_waiting);

  /// Reads again how to reach the server. Throws as open_access does.
  void refresh();
  /// The server, with its address if that is known, for messages.
  std::string name() const;
  const std::string& default_namespace() const { return access_.namespace_; }

  /// Sends all of them, several at once, and returns the responses in the same order. Requests that fail for
  /// a transient reason (429 and 5xx, a lost connection, a token that has since been renewed) are repeated
  /// until `patience` is over, no sooner than the server asks for; zero: never. If the server hangs, all
  /// requests that are left fail after one time-out.
  std::vector<http::Answer> send_all(std::span<const Call> calls, Duration patience);
  http::Answer send(const Call& call, Duration patience);

  std::uint64_t sent() const { return sent_before_ + (client_ ? client_->sent() : 0); }

 private:
  bool renew_token();
  bool rest(Duration time);
  http::Request request_of(const Call& call) const;
  bool exchange(std::span<const http::Request> requests,
                const std::function<void(std::size_t number, http::Answer answer)>& take);

  const config::Kubernetes& config_;
  const std::atomic<bool>& stop_;
  std::function<void()> while_waiting_;
  Access access_;
  std::unique_ptr<http::Client> client_;
  std::uint64_t sent_before_ = 0;
};

}  // namespace greenwave::drivers::kubernetes
