#include "client.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "curl.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t reply_cap = 64 << 20;
constexpr std::size_t line_cap = 1 << 20;

/// A request and its response, for libcurl's callbacks.
struct Exchange {
  Curl curl;
  std::string body;
  std::function<void(std::string_view)> on_line;  ///< empty: the whole body is kept
  Duration silence{};                             ///< zero: no bound
  std::chrono::steady_clock::time_point last_byte = std::chrono::steady_clock::now();
  curl_off_t sent = 0;
  std::exception_ptr thrown;  ///< by on_line
  long status = 0;

  void receive(std::string_view bytes) {
    last_byte = std::chrono::steady_clock::now();
    body += bytes;
    if (body.size() > (on_line ? line_cap : reply_cap)) {
      throw Error(Fault::transient, "greenwaved's answer is larger than this command reads");
    }
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (!on_line || status >= 400) return;
    for (auto end = body.find('\n'); end != std::string::npos; end = body.find('\n')) {
      if (end > 0) on_line(std::string_view(body).substr(0, end));
      body.erase(0, end + 1);
    }
  }
};

std::size_t on_bytes(char* bytes, std::size_t, std::size_t count, void* closure) {
  auto& exchange = *static_cast<Exchange*>(closure);
  try {
    exchange.receive({bytes, count});
    return count;
  } catch (...) {  // no exception may pass through libcurl
    exchange.thrown = std::current_exception();
    return 0;
  }
}

/// Bytes of the file that is posted.
std::size_t on_wanted(char* into, std::size_t, std::size_t most, void* source) {
  const auto count = ::read(*static_cast<const int*>(source), into, most);
  return count < 0 ? CURL_READFUNC_ABORT : static_cast<std::size_t>(count);
}

/// Aborts a silent stream, whose server hangs.
int on_progress(void* closure, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
  auto& exchange = *static_cast<Exchange*>(closure);
  if (std::exchange(exchange.sent, sent) != sent) exchange.last_byte = std::chrono::steady_clock::now();
  return std::chrono::steady_clock::now() - exchange.last_byte > exchange.silence ? 1 : 0;
}

[[noreturn]] void fail(CURLcode code, const Exchange& exchange, const std::filesystem::path& socket) {
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  long cause = 0;
  curl_easy_getinfo(exchange.curl.get(), CURLINFO_OS_ERRNO, &cause);
  if (code == CURLE_COULDNT_CONNECT && (cause == EACCES || cause == EPERM)) {
    throw Refused(403, fmt::format("this user may not use {}", socket.native()),
                  "use sudo, or join the group greenwave: sudo adduser $USER greenwave, then log in again");
  }
  if (code == CURLE_COULDNT_CONNECT) {
    throw Unreachable(Fault::transient,
                      fmt::format("greenwaved is not running: nothing listens on {}", socket.native()),
                      "start it with: sudo systemctl start greenwaved; see why it stopped with: journalctl "
                      "-u greenwaved -n 50");
  }
  if (code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK) {
    throw Unreachable(Fault::transient, "greenwaved is running but does not answer",
                      "see what it is doing with: journalctl -u greenwaved -n 50; restart it with: sudo "
                      "systemctl restart greenwaved");
  }
  if (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
      code == CURLE_PARTIAL_FILE) {
    throw Unreachable(Fault::transient, "greenwaved closed the connection: it is stopping, or busy",
                      "try again in a few seconds");
  }
  throw Error(Fault::transient, fmt::format("cannot talk to greenwaved: {}", curl_easy_strerror(code)));
}

Exchange begin(const std::filesystem::path& socket, const std::string& path, const Timeouts& timeouts) {
  Exchange exchange;
  exchange.curl.reset(curl_easy_init());
  if (!exchange.curl) throw Error(Fault::internal, "cannot initialise libcurl");
  auto* curl = exchange.curl.get();
  curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, ("http://greenwaved" + path).c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeouts.connect.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
  return exchange;
}

/// Sends and receives; throws Refused for an HTTP error.
void perform(Exchange& exchange, const std::filesystem::path& socket) {
  curl_easy_setopt(exchange.curl.get(), CURLOPT_WRITEDATA, &exchange);
  const auto code = curl_easy_perform(exchange.curl.get());
  if (code != CURLE_OK) fail(code, exchange, socket);
  curl_easy_getinfo(exchange.curl.get(), CURLINFO_RESPONSE_CODE, &exchange.status);
  if (exchange.status < 400) return;
  const auto json = nlohmann::json::parse(exchange.body, nullptr, false);
  if (!json.is_object()) {
    throw Refused(exchange.status, fmt::format("greenwaved answered HTTP {}", exchange.status), "");
  }
  throw Refused(exchange.status, json.value("error", ""), json.value("remedy", ""));
}

nlohmann::json parsed(const Exchange& exchange) {
  auto json = nlohmann::json::parse(exchange.body, nullptr, false);
  if (json.is_discarded()) {
    throw Error(Fault::transient, "the server on the control socket does not speak greenwaved's API",
                "check --socket and runtimeDirectory in agent.yaml");
  }
  return json;
}

void set_reply_limit(Exchange& exchange, Duration limit) {
  curl_easy_setopt(exchange.curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
}

CurlHeaders set_body(Exchange& exchange, const nlohmann::json& body) {
  CurlHeaders headers(curl_slist_append(nullptr, "Content-Type: application/json"));
  curl_easy_setopt(exchange.curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(exchange.curl.get(), CURLOPT_COPYPOSTFIELDS, body.dump().c_str());
  return headers;
}

void set_lines(Exchange& exchange, const std::function<void(std::string_view)>& on_line, Duration silence) {
  exchange.on_line = on_line;
  exchange.silence = silence;
  curl_easy_setopt(exchange.curl.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(exchange.curl.get(), CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(exchange.curl.get(), CURLOPT_XFERINFODATA, &exchange);
}

nlohmann::json fetch(const std::filesystem::path& socket, const std::string& path, const Timeouts& timeouts,
                     Duration limit) {
  auto exchange = begin(socket, path, timeouts);
  set_reply_limit(exchange, limit);
  perform(exchange, socket);
  return parsed(exchange);
}

}  // namespace

Client::Client(std::filesystem::path socket, const Timeouts& timeouts)
    : socket_(std::move(socket)), timeouts_(timeouts) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

nlohmann::json Client::get(const std::string& path) const {
  return fetch(socket_, path, timeouts_, timeouts_.reply);
}

nlohmann::json Client::diff() const {
  return fetch(socket_, "/v1/diff", timeouts_, timeouts_.diff);
}

nlohmann::json Client::post(const std::string& path, const nlohmann::json& body) const {
  auto exchange = begin(socket_, path, timeouts_);
  const auto headers = set_body(exchange, body);
  set_reply_limit(exchange, timeouts_.reply);
  perform(exchange, socket_);
  return parsed(exchange);
}

void Client::follow(const std::string& path, const nlohmann::json& body,
                    const std::function<void(std::string_view line)>& on_line) const {
  auto exchange = begin(socket_, path, timeouts_);
  const auto headers = set_body(exchange, body);
  set_lines(exchange, on_line, timeouts_.silence);
  perform(exchange, socket_);
}

void Client::send(const std::string& path, const std::filesystem::path& file,
                  const std::function<void(std::string_view line)>& on_line) const {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (!fd || ::fstat(fd.get(), &about) != 0) throw system_error("open", file.native());
  if (!S_ISREG(about.st_mode) || about.st_size == 0) {
    throw Error(Fault::invalid, fmt::format("{} is not a file, or is empty", file.native()),
                "name a file made by git bundle create or greenwave bundle");
  }
  auto exchange = begin(socket_, path, timeouts_);
  set_lines(exchange, on_line, timeouts_.silence);
  int source = fd.get();
  auto* curl = exchange.curl.get();
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(about.st_size));
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_wanted);
  curl_easy_setopt(curl, CURLOPT_READDATA, &source);
  const CurlHeaders headers(curl_slist_append(nullptr, "Content-Type: application/x-git-bundle"));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  perform(exchange, socket_);
}

std::string escaped(std::string_view text) {
  std::string url;
  for (const char byte : text) {
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || std::strchr("-._~/", byte) != nullptr;
    if (plain && byte != '\0') {
      url += byte;
    } else {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
  }
  return url;
}

}  // namespace greenwave::cli
