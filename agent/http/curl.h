#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/handle.h"

namespace greenwave::http {

/// Owners of libcurl's handles: no other code calls a curl_*_cleanup, and none starts libcurl.
using Multi = std::unique_ptr<CURLM, Freed<curl_multi_cleanup>>;
using Headers = std::unique_ptr<curl_slist, Freed<curl_slist_free_all>>;
using Url = std::unique_ptr<CURLU, Freed<curl_url_cleanup>>;
using UrlText = std::unique_ptr<char, Freed<curl_free>>;

/// Throws Error (transient) when there is no memory.
Multi make_multi();
void append(Headers& list, const std::string& header);

/// Zero: no bound.
struct Timeouts {
  Duration connect = std::chrono::seconds(10);
  Duration whole{};
};

/// One request after another, over connections that libcurl keeps.
class Easy {
 public:
  /// Throws Error (transient) when there is no memory.
  Easy();

  /// Forgets the last request's options and sets what all requests share: TLS 1.2 or newer, no signals, no
  /// other `protocols` than these ("http,https").
  void begin(const std::string& url, const char* protocols, const Timeouts& timeouts);

  /// Texts are copied, but for those that libcurl's manual says must live on.
  template <typename Value>
  void set(CURLoption option, Value value) {
    check(option, curl_easy_setopt(raw_.get(), option, value));
  }

  CURL* get() const { return raw_.get(); }
  /// libcurl's words for how the last request failed, or else what `code` means; printable.
  std::string reason(CURLcode code) const;
  /// The system's errno when a connection failed.
  int os_error() const;
  long status() const;
  /// Of the last request's connection, while it is open; else -1.
  int open_socket() const;
  /// How long the last request's connection took to be made; zero if it was there before.
  Duration connect_time() const;
  /// How long the last response took to begin, from when its request could be sent.
  Duration answer_time() const;
  /// The response's Retry-After, at most a day; zero if there was none.
  Duration retry_after() const;

 private:
  Duration time_between(CURLINFO first, CURLINFO second) const;
  static void check(CURLoption option, CURLcode code);

  struct Reason {
    char text[CURL_ERROR_SIZE] = {};
  };
  std::unique_ptr<Reason> reason_ = std::make_unique<Reason>();  ///< libcurl keeps its address
  std::unique_ptr<CURL, Freed<curl_easy_cleanup>> raw_;
};

}  // namespace greenwave::http
