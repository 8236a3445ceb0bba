#include "http/status.h"

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/handle.h"
#include "base/text.h"
#include "base/version.h"

namespace greenwave::http {

namespace {

/// A server that goes on and on has answered as well.
constexpr std::size_t most_body = 64 * 1024;

std::size_t take_body(char*, std::size_t one, std::size_t size, void* taken) {
  auto& count = *static_cast<std::size_t*>(taken);
  count += one * size;
  return count > most_body ? 0 : one * size;
}

}  // namespace

long get_status(const std::string& url, const std::vector<std::string>& headers, Duration timeout,
                Certificate certificate) {
  const std::unique_ptr<CURL, Freed<curl_easy_cleanup>> request(curl_easy_init());
  if (!request) throw Error(Fault::transient, "there is no memory for a request");
  std::unique_ptr<curl_slist, Freed<curl_slist_free_all>> list;
  for (const auto& header : headers) {
    auto* const longer = curl_slist_append(list.get(), header.c_str());
    if (longer == nullptr) throw Error(Fault::transient, "there is no memory for a request");
    list.release();
    list.reset(longer);
  }
  std::size_t taken = 0;
  char why[CURL_ERROR_SIZE] = {};
  auto* const raw = request.get();
  curl_easy_setopt(raw, CURLOPT_URL, url.c_str());
  curl_easy_setopt(raw, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(raw, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(raw, CURLOPT_PROXY, "");  // what is asked is this device, or a neighbour
  if (certificate == Certificate::any) {
    curl_easy_setopt(raw, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(raw, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  curl_easy_setopt(raw, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(raw, CURLOPT_USERAGENT, fmt::format("greenwaved/{}", program_version).c_str());
  if (list) curl_easy_setopt(raw, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(raw, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(raw, CURLOPT_WRITEDATA, &taken);
  curl_easy_setopt(raw, CURLOPT_ERRORBUFFER, why);
  const auto code = curl_easy_perform(raw);
  const bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && taken > most_body);
  if (!answered) throw Error(Fault::transient, printable(*why != '\0' ? why : curl_easy_strerror(code)));
  long status = 0;
  curl_easy_getinfo(raw, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

}  // namespace greenwave::http
