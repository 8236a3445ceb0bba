#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "git/byte_stream.h"

typedef void CURL;
typedef void CURLM;
struct curl_slist;

namespace greenwave::git {

struct HttpsTimeouts {
  Duration connect = std::chrono::seconds(20);
  Duration silence = std::chrono::seconds(60);  ///< with fewer than 100 bytes a second
};

/// Requests to one repository's address on one server, over a connection that is kept as long as the server
/// likes. Certificates are always checked; credentials come from their files, anew for each request, and go
/// to this host only. Proxies are taken from the usual environment.
class Https : private ByteStream {
 public:
  struct Request {
    std::string path;  ///< after the repository's address: "/info/refs?service=git-upload-pack"
    std::string body;  ///< empty: a GET, else a POST
    std::vector<std::string> headers;
    std::string wanted_type;  ///< of the answer; any other is an error. Empty: any
    bool may_be_absent = false;
  };

  /// `address` is an https:// URL without a slash at its end. `stop` must outlive this.
  Https(std::string address, config::Credentials credentials, const std::atomic<bool>& stop,
        const HttpsTimeouts& timeouts = {});
  ~Https() override;

  /// Gives the answer's body when the answer is a success; it is valid until the next call. Redirects are
  /// followed within the host. Throws Error: transient (DNS, refused, timed out, lost, 5xx, 429), untrusted
  /// (certificate), invalid (credentials refused, not found, not what was wanted).
  ByteStream& send(const Request& request);
  /// The status of the last answer: 200, and with `may_be_absent` also 304 or 404.
  long status() const { return status_; }
  std::string_view etag() const { return etag_; }

  /// Reads a little of what is left of the last answer, so that the connection can be used again.
  void finish();

  std::uint64_t bytes_received() const { return received_; }
  /// Of the last answer's Retry-After; zero without one.
  Duration retry_after() const { return retry_after_; }

 private:
  struct FreeEasy {
    void operator()(CURL* raw) const;
  };
  struct FreeMulti {
    void operator()(CURLM* raw) const;
  };
  struct FreeList {
    void operator()(curl_slist* raw) const;
  };

  std::size_t read(char* into, std::size_t most) override;
  void begin(const std::string& url, const Request& request);
  void authenticate();
  void abandon();
  /// Lets curl work for a moment; true when the transfer is over.
  bool step();
  void expect_success(const Request& request);
  /// The URL that the last answer redirects to.
  std::string target_of_redirect(const std::string& from) const;

  static std::size_t take_body(char* bytes, std::size_t one, std::size_t size, void* self);
  static std::size_t take_header(char* bytes, std::size_t one, std::size_t size, void* self);

  std::string address_;
  config::Credentials credentials_;
  const std::atomic<bool>& stop_;
  HttpsTimeouts timeouts_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::string sent_body_;
  char reason_[256] = {};
  bool running_ = false;
  bool paused_ = false;
  int result_ = 0;
  std::string body_;
  std::size_t taken_ = 0;
  long status_ = 0;
  std::string type_;
  std::string location_;
  std::string etag_;
  Duration retry_after_{};
  std::uint64_t received_ = 0;
};

}  // namespace greenwave::git
