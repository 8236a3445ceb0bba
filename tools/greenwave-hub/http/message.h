#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace greenwave::hub {

/// A request as it came from the proxy on the hub's socket.
struct HttpRequest {
  std::string method;
  std::string path;  ///< decoded, without the query: "/v1/devices/sf-0042"
  std::multimap<std::string, std::string> query;
  std::map<std::string, std::string> headers;  ///< those of kept_headers, by their names in lower case
  std::string body;

  /// Empty when it is absent.
  std::string_view header(const std::string& name) const;
  /// The first of that name; `otherwise` when it is absent.
  std::string parameter(const std::string& name, const std::string& otherwise = {}) const;
};

struct HttpReply {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body{};
  std::vector<std::pair<const char*, std::string>> headers{};
};

/// {"error": …, "remedy": …}
HttpReply refusal(unsigned status, std::string_view error, std::string_view remedy);
/// 429 with Retry-After.
HttpReply too_many(std::string_view what, std::chrono::seconds retry_after);
/// 503 with Retry-After.
HttpReply unavailable(std::string_view what);

/// Text that goes to one client as it comes (server-sent events), until either side ends it. On the loop's
/// thread.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  /// False when the client is gone, or so far behind that it was cut off.
  virtual bool send(std::string_view text) = 0;
  virtual void end() = 0;
};

/// The way back to the client: exactly one of these is called, once, at once or later, on the loop's thread.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void reply(HttpReply reply) = 0;
  virtual std::shared_ptr<HttpStream> stream(HttpReply head) = 0;
};

using Handler = std::function<void(HttpRequest request, std::shared_ptr<Responder> responder)>;

}  // namespace greenwave::hub
