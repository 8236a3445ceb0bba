#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "git/byte_stream.h"
#include "git/endpoints.h"
#include "git/login.h"
#include "http/curl.h"

namespace greenwave::git {

struct HttpsTimeouts {
  Duration connect = std::chrono::seconds(20);
  Duration silence = std::chrono::seconds(60);  ///< below 100 bytes a second
};

/// Requests to one repository on one server, over a connection that is kept open as long as the server
/// allows. Certificates are always checked. The login is asked for with each request, and sent to this host
/// only. Proxies come from the usual environment variables.
class Https : private ByteStream {
 public:
  struct Request {
    std::string path;  ///< after the repository's URL: "/info/refs?service=git-upload-pack"
    std::string body;  ///< empty: a GET, else a POST
    std::vector<std::string> headers;
    std::string wanted_type;  ///< of the response; any other is an error. Empty: any
    bool may_be_absent = false;
    /// The server may answer late: until then, nothing that it does not send is an error.
    struct Patience {
      Instant until;
      int end = -1;  ///< a descriptor that ends the request when it can be read
    };
    std::optional<Patience> patience{};
  };

  /// `address` is an https:// URL without a slash at its end. `stop` must outlive this. `connect` makes the
  /// connections to the endpoints of the address; empty: libcurl does. `login` may be empty.
  Https(std::string address, LoginSource login, const std::atomic<bool>& stop,
        const HttpsTimeouts& timeouts = {}, Connect connect = {});
  ~Https() override;

  /// Returns the response's body on success; it is valid until the next call. Follows redirects within the
  /// host. Throws Error: transient (DNS, refused, timed out, lost, 5xx, 429), untrusted (certificate),
  /// invalid (credentials rejected, not found, wrong content type). A request with patience is given up,
  /// transient as well, when that is over; see was_ended().
  ByteStream& send(const Request& request);
  /// The status of the last response: 200, and with `may_be_absent` also 304 or 404.
  long status() const { return status_; }
  std::string_view etag() const { return etag_; }
  /// Of the last response: whether it depends on the request's Prefer, and how long it was held for that
  /// (RFC 7240); nothing if the server does not say that it was.
  bool varies_by_preference() const { return varies_by_preference_; }
  std::optional<std::uint32_t> applied_wait() const { return applied_wait_; }
  /// Whether the last request was given up because its Patience::end could be read.
  bool was_ended() const { return was_ended_; }

  /// Reads a little of what is left of the last response, so that the connection can be reused.
  void finish();

  /// Its socket; -1 where none is kept.
  int kept_connection() const { return kept_; }
  std::uint64_t bytes_received() const { return received_; }
  /// The last response's Retry-After; zero if there was none.
  Duration retry_after() const { return retry_after_; }

 private:
  std::size_t read(char* into, std::size_t most) override;
  void begin(const std::string& url, const Request& request);
  void authenticate();
  void connect_by_others();
  /// Why there is no response, or no end of it.
  Error lost() const;
  void abandon();
  /// Lets curl work for a moment; true when the transfer has finished.
  bool step();
  void wait_for_server();
  void expect_success(const Request& request);
  /// The URL that the last response redirects to.
  std::string target_of_redirect(const std::string& from) const;

  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static std::size_t take_body(char* bytes, std::size_t one, std::size_t size, void* self);
  static std::size_t take_header(char* bytes, std::size_t one, std::size_t size, void* self);

  std::string address_;
  LoginSource ask_login_;
  Login login_;
  const std::atomic<bool>& stop_;
  HttpsTimeouts timeouts_;
  Connect connect_;
  std::vector<Endpoint> endpoints_;  ///< that connect_ is asked for
  http::Headers addresses_;          ///< theirs, as libcurl is told
  std::optional<Error> unconnected_;
  http::Multi multi_ = http::make_multi();
  http::Easy easy_;
  http::Headers headers_;
  std::string sent_body_;
  bool running_ = false;
  bool paused_ = false;
  CURLcode result_ = CURLE_OK;
  std::string body_;
  std::size_t taken_ = 0;
  long status_ = 0;
  std::string type_;
  std::string location_;
  std::string etag_;
  bool varies_by_preference_ = false;
  std::optional<std::uint32_t> applied_wait_;
  std::optional<Request::Patience> patience_;
  bool was_ended_ = false;
  Duration retry_after_{};
  int kept_ = -1;
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::git
