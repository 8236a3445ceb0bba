#include "drivers/host/look.h"

#include <atomic>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/handle.h"
#include "base/process.h"
#include "base/text.h"
#include "git/tcp.h"

namespace greenwave::drivers::host {

namespace {

/// An answer's body is of no interest; a server that goes on and on has answered as well.
constexpr std::size_t most_body = 64 * 1024;

std::size_t take_body(char*, std::size_t one, std::size_t size, void* taken) {
  auto& count = *static_cast<std::size_t*>(taken);
  count += one * size;
  return count > most_body ? 0 : one * size;
}

std::optional<std::string> look_http(const std::string& url, Duration timeout) {
  const std::unique_ptr<CURL, Freed<curl_easy_cleanup>> request(curl_easy_init());
  if (!request) return "there is no memory for a request";
  std::size_t taken = 0;
  char why[CURL_ERROR_SIZE] = {};
  auto* const raw = request.get();
  curl_easy_setopt(raw, CURLOPT_URL, url.c_str());
  curl_easy_setopt(raw, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(raw, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(raw, CURLOPT_PROXY, "");  // what is asked is this device, or a neighbour
  curl_easy_setopt(raw, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(raw, CURLOPT_USERAGENT, "greenwaved/" GREENWAVE_VERSION);
  curl_easy_setopt(raw, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(raw, CURLOPT_WRITEDATA, &taken);
  curl_easy_setopt(raw, CURLOPT_ERRORBUFFER, why);
  const auto code = curl_easy_perform(raw);
  long status = 0;
  curl_easy_getinfo(raw, CURLINFO_RESPONSE_CODE, &status);
  const bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && taken > most_body);
  if (!answered) return printable(*why != '\0' ? why : curl_easy_strerror(code));
  if (status >= 200 && status < 300) return {};
  return fmt::format("it answers with status {}", status);
}

std::optional<std::string> look_tcp(const std::string& target, Duration timeout) {
  const auto [host, port] = host_and_port(target);
  const std::atomic<bool> never = false;
  try {
    git::connect_tcp(host, port, timeout, never);
    return {};
  } catch (const Error& error) {
    return error.message();
  }
}

std::optional<std::string> look_command(const std::vector<std::string>& argv, Duration timeout) {
  Command command;
  command.argv = argv;
  command.timeout = timeout;
  command.output_cap = 4096;
  try {
    const auto result = run(command);
    if (result.timed_out) return fmt::format("it did not end within {}", to_words(timeout));
    if (result.status == 0) return {};
    const auto output = trim(result.output);
    const auto line = printable(output.substr(output.rfind('\n') + 1));
    const auto status = fmt::format("it ended with exit status {}", result.status);
    return line.empty() ? status : fmt::format("{}: {}", status, line);
  } catch (const Error& error) {
    return error.message();
  }
}

}  // namespace

std::optional<std::string> look(const CheckSpec& check, Duration timeout) {
  switch (check.kind) {
    case CheckSpec::Kind::http:
      return look_http(check.target, timeout);
    case CheckSpec::Kind::tcp:
      return look_tcp(check.target, timeout);
    case CheckSpec::Kind::command:
      return look_command(check.command, timeout);
    case CheckSpec::Kind::unit:
      break;
  }
  throw Error(Fault::internal, "units are asked for elsewhere");
}

}  // namespace greenwave::drivers::host
