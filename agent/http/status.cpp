#include "http/status.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/version.h"
#include "http/curl.h"

namespace greenwave::http {

namespace {

/// An endless response counts as a response.
constexpr std::size_t most_body = 64 * 1024;

std::size_t take_body(char*, std::size_t one, std::size_t size, void* taken) {
  auto& count = *static_cast<std::size_t*>(taken);
  count += one * size;
  return count > most_body ? 0 : one * size;
}

}  // namespace

long get_status(const std::string& url, const std::vector<std::string>& headers, Duration timeout,
                Certificate certificate) {
  Easy request;
  Headers list;
  for (const auto& header : headers) append(list, header);
  std::size_t taken = 0;
  request.begin(url, "http,https", {.connect = timeout, .whole = timeout});
  request.set(CURLOPT_PROXY, "");  // the server is this device, or a neighbour
  if (certificate == Certificate::any) {
    request.set(CURLOPT_SSL_VERIFYPEER, 0L);
    request.set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  request.set(CURLOPT_USERAGENT, fmt::format("greenwaved/{}", program_version).c_str());
  if (list) request.set(CURLOPT_HTTPHEADER, list.get());
  request.set(CURLOPT_WRITEFUNCTION, take_body);
  request.set(CURLOPT_WRITEDATA, &taken);
  const auto code = curl_easy_perform(request.get());
  const bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && taken > most_body);
  if (!answered) throw Error(Fault::transient, request.reason(code));
  return request.status();
}

}  // namespace greenwave::http
