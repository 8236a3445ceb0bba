#include "http/curl.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::http {

namespace {

void start_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

Error no_memory() {
  return {Fault::transient, "no memory for a request"};
}

}  // namespace

Multi make_multi() {
  start_libcurl();
  Multi multi(curl_multi_init());
  if (!multi) throw no_memory();
  return multi;
}

void append(Headers& list, const std::string& header) {
  auto* longer = curl_slist_append(list.get(), header.c_str());
  if (longer == nullptr) throw no_memory();
  static_cast<void>(list.release());  // it is part of `longer` now
  list.reset(longer);
}

Easy::Easy() {
  start_libcurl();
  raw_.reset(curl_easy_init());
  if (!raw_) throw no_memory();
}

void Easy::begin(const std::string& url, const char* protocols, const Timeouts& timeouts) {
  curl_easy_reset(raw_.get());
  reason_->text[0] = '\0';
  set(CURLOPT_ERRORBUFFER, reason_->text);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, protocols);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // those of a proxy
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeouts.connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeouts.whole.count()));
}

std::string Easy::reason(CURLcode code) const {
  return printable(reason_->text[0] != '\0' ? reason_->text : curl_easy_strerror(code));
}

int Easy::os_error() const {
  long number = 0;
  curl_easy_getinfo(raw_.get(), CURLINFO_OS_ERRNO, &number);
  return static_cast<int>(number);
}

int Easy::open_socket() const {
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(raw_.get(), CURLINFO_ACTIVESOCKET, &socket);
  return socket;
}

long Easy::status() const {
  long status = 0;
  curl_easy_getinfo(raw_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

Duration Easy::retry_after() const {
  curl_off_t wait = 0;
  curl_easy_getinfo(raw_.get(), CURLINFO_RETRY_AFTER, &wait);
  return std::chrono::seconds(std::clamp<curl_off_t>(wait, 0, 24 * 3600));
}

Duration Easy::connect_time() const {
  return time_between(CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T);
}

Duration Easy::answer_time() const {
  return time_between(CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T);
}

Duration Easy::time_between(CURLINFO first, CURLINFO second) const {
  curl_off_t from = 0;
  curl_off_t to = 0;
  curl_easy_getinfo(raw_.get(), first, &from);
  curl_easy_getinfo(raw_.get(), second, &to);
  return std::chrono::duration_cast<Duration>(std::chrono::microseconds(std::max<curl_off_t>(to - from, 0)));
}

void Easy::check(CURLoption option, CURLcode code) {
  if (code == CURLE_OK) return;
  throw Error(Fault::internal, fmt::format("cannot set curl's option {}", static_cast<int>(option)));
}

}  // namespace greenwave::http
