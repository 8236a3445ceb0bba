#include "http/client.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <mutex>
#include <span>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/handle.h"
#include "base/text.h"
#include "base/version.h"

namespace greenwave::http {

namespace {

constexpr int slice_ms = 200;
constexpr std::size_t most_warnings = 20;

using Easy = std::unique_ptr<CURL, Freed<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Freed<curl_multi_cleanup>>;
using Headers = std::unique_ptr<curl_slist, Freed<curl_slist_free_all>>;

template <typename Value>
void set(const Easy& easy, CURLoption option, Value value) {
  if (curl_easy_setopt(easy.get(), option, value) != CURLE_OK) {
    throw Error(Fault::internal, fmt::format("cannot set curl's option {}", static_cast<int>(option)));
  }
}

/// curl reads the text where it is: it must live as long as the handle.
void set_pem(const Easy& easy, CURLoption option, const std::string& pem) {
  if (pem.empty()) return;
  curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
  set(easy, option, &blob);
}

void append(Headers& list, const std::string& header) {
  auto* longer = curl_slist_append(list.get(), header.c_str());
  if (longer == nullptr) throw Error(Fault::transient, "no memory for a request");
  list.release();
  list.reset(longer);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// The server as people know it: the socket, or the address.
std::string name_of(const Endpoint& endpoint) {
  return endpoint.unix_socket.empty() ? endpoint.address : endpoint.unix_socket.native();
}

Error transfer_error(CURLcode code, std::string_view reason, const Endpoint& endpoint) {
  const auto what =
      fmt::format("{}: {}", name_of(endpoint), printable(reason.empty() ? curl_easy_strerror(code) : reason));
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return Error(Fault::untrusted, what,
                   "the authority that signed the server's certificate must be the one that is configured, "
                   "and this device's clock right");
    case CURLE_SSL_CERTPROBLEM:
      return Error(Fault::invalid, what, "the client's certificate and key must be one pair, in PEM form");
    case CURLE_SSL_CACERT_BADFILE:
      return Error(Fault::invalid, what, "the authorities must be certificates in PEM form");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error(Fault::invalid, what, "the address must be https://HOST:PORT");
    case CURLE_COULDNT_RESOLVE_HOST:
      return Error(Fault::transient, what, "is the device online, and the host right?");
    case CURLE_COULDNT_CONNECT:
      return Error(Fault::transient, what, "is the server up?");
    case CURLE_OPERATION_TIMEDOUT:
      return Error(Fault::transient, what, "a lost connection, or a server that hangs");
    default:
      return Error(Fault::transient, what, "the connection was lost; it is tried again");
  }
}

}  // namespace

/// One request on its way.
struct Client::Exchange {
  Easy easy{curl_easy_init()};
  Headers headers;
  char reason[CURL_ERROR_SIZE] = {};
  const Request* request = nullptr;
  std::size_t index = 0;
  Response response;
  bool ended_by_sink = false;
  bool too_large = false;
  std::exception_ptr thrown;  ///< by the sink

  void start(const Endpoint& endpoint, const Request& what, std::size_t number);
  Answer finish(CURLcode code, const Endpoint& endpoint);
  bool take(std::string_view bytes);
  void take_header(std::string_view line);

  static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<Exchange*>(self)->take({bytes, size}) ? size : size + 1;
  }
  static std::size_t on_source(char* buffer, std::size_t, std::size_t size, void* self) {
    return static_cast<Exchange*>(self)->request->source({buffer, size});
  }
  static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) {
    static_cast<Exchange*>(self)->take_header({bytes, size});
    return size;
  }
};

struct Client::Handles {
  Multi multi{curl_multi_init()};
  std::vector<std::unique_ptr<Exchange>> idle;
  std::vector<std::unique_ptr<Exchange>> busy;

  /// Whatever comes, nothing stays in curl's hands.
  void abandon() {
    for (auto& exchange : busy) {
      curl_multi_remove_handle(multi.get(), exchange->easy.get());
      idle.push_back(std::move(exchange));
    }
    busy.clear();
  }
};

void Client::Exchange::start(const Endpoint& endpoint, const Request& what, std::size_t number) {
  curl_easy_reset(easy.get());
  request = &what;
  index = number;
  response = {};
  reason[0] = '\0';
  ended_by_sink = false;
  too_large = false;
  thrown = nullptr;

  set(easy, CURLOPT_URL, (endpoint.address + what.path).c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, endpoint.unix_socket.empty() ? "https" : "http");
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(easy, CURLOPT_PIPEWAIT, 1L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  set(easy, CURLOPT_USERAGENT, fmt::format("greenwaved/{}", program_version).c_str());
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, 10'000L);
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(what.timeout.count()));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(easy, CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(what.silence.count() / 1000)));
  set(easy, CURLOPT_ERRORBUFFER, reason);
  set(easy, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(easy, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy, CURLOPT_PROXY, "");  // whoever is asked is this device, or near it
  if (!endpoint.unix_socket.empty()) set(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint.unix_socket.c_str());
  if (!endpoint.authorities.empty()) {
    set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // these authorities, and no other
    set_pem(easy, CURLOPT_CAINFO_BLOB, endpoint.authorities);
  }
  set_pem(easy, CURLOPT_SSLCERT_BLOB, endpoint.certificate);
  set_pem(easy, CURLOPT_SSLKEY_BLOB, endpoint.key);

  headers.reset();
  append(headers, "Expect:");
  for (const auto& header : what.headers) append(headers, header);
  set(easy, CURLOPT_HTTPHEADER, headers.get());
  if (what.source) {
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(what.source_bytes));
    set(easy, CURLOPT_READFUNCTION, &Exchange::on_source);
    set(easy, CURLOPT_READDATA, static_cast<void*>(this));
  } else if (!what.body.empty() || what.method == "POST" || what.method == "PUT" || what.method == "PATCH") {
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
    set(easy, CURLOPT_POSTFIELDS, what.body.data());
  }
  set(easy, CURLOPT_CUSTOMREQUEST, what.method.c_str());
}

bool Client::Exchange::take(std::string_view bytes) {
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &response.status);
  if (request->sink && response.success()) {
    try {
      ended_by_sink = !request->sink(bytes);
    } catch (...) {  // no exception may pass through libcurl
      thrown = std::current_exception();
    }
    return !ended_by_sink && !thrown;
  }
  too_large = bytes.size() > request->most_bytes - response.body.size();
  if (!too_large) response.body += bytes;
  return !too_large;
}

void Client::Exchange::take_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto name = lower(line.substr(0, colon));
  const auto value = trim(line.substr(colon + 1));
  if (name == "content-type") response.type = lower(trim(value.substr(0, value.find(';'))));
  if (name == "libpod-api-version") response.api_version = value.substr(0, 100);
  if (name == "warning" && response.warnings.size() < most_warnings) {
    response.warnings.emplace_back(value.substr(0, 1000));
  }
}

Answer Client::Exchange::finish(CURLcode code, const Endpoint& endpoint) {
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &response.status);
  curl_off_t wait = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RETRY_AFTER, &wait);
  response.retry_after = std::chrono::seconds(std::clamp<curl_off_t>(wait, 0, 24 * 3600));
  Answer answer;
  if (too_large) {
    answer.failure = Error(Fault::transient, fmt::format("{}: the answer is larger than {} bytes",
                                                         name_of(endpoint), request->most_bytes));
  } else if (code != CURLE_OK && !ended_by_sink) {
    answer.failure = transfer_error(code, reason, endpoint);
  }
  answer.response = std::move(response);
  return answer;
}

Client::Client(Endpoint endpoint, const std::atomic<bool>& stop, std::function<void()> while_waiting)
    : endpoint_(std::move(endpoint)),
      stop_(stop),
      while_waiting_(std::move(while_waiting)),
      handles_(std::make_unique<Handles>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (!handles_->multi) throw Error(Fault::transient, "no memory for a connection");
}

Client::~Client() {
  handles_->abandon();
}

Response Client::send(const Request& request) {
  Response response;
  send_all({&request, 1}, 1, [&](std::size_t, Answer answer) {
    if (answer.failure) throw *answer.failure;
    response = std::move(answer.response);
  });
  return response;
}

void Client::send_all(std::span<const Request> requests, std::size_t at_once,
                      const std::function<void(std::size_t index, Answer answer)>& on_answer) {
  auto& multi = handles_->multi;
  auto& idle = handles_->idle;
  auto& busy = handles_->busy;
  const auto start = [&](std::size_t index) {
    if (idle.empty()) idle.push_back(std::make_unique<Exchange>());
    auto exchange = std::move(idle.back());
    idle.pop_back();
    if (!exchange->easy) throw Error(Fault::transient, "no memory for a request");
    exchange->start(endpoint_, requests[index], index);
    if (curl_multi_add_handle(multi.get(), exchange->easy.get()) != CURLM_OK) {
      throw Error(Fault::internal, "cannot start a request");
    }
    busy.push_back(std::move(exchange));
    ++sent_;
  };
  const auto take_back = [&](CURL* easy) {
    const auto at = std::find_if(busy.begin(), busy.end(),
                                 [&](const auto& exchange) { return exchange->easy.get() == easy; });
    curl_multi_remove_handle(multi.get(), easy);
    auto exchange = std::move(*at);
    busy.erase(at);
    return exchange;
  };
  try {
    std::size_t next = 0;
    while (next < requests.size() || !busy.empty()) {
      if (stop_) throw Error(Fault::transient, "the request was stopped");
      while (next < requests.size() && busy.size() < std::max<std::size_t>(1, at_once)) start(next++);
      int active = 0;
      curl_multi_perform(multi.get(), &active);
      bool any = false;
      int left = 0;
      while (const auto* message = curl_multi_info_read(multi.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        any = true;
        const auto code = message->data.result;
        auto exchange = take_back(message->easy_handle);
        if (exchange->thrown) std::rethrow_exception(exchange->thrown);
        const auto index = exchange->index;
        auto answer = exchange->finish(code, endpoint_);
        idle.push_back(std::move(exchange));
        on_answer(index, std::move(answer));
      }
      if (!any && while_waiting_) while_waiting_();
      if (!any) curl_multi_poll(multi.get(), nullptr, 0, slice_ms, nullptr);
    }
  } catch (...) {
    handles_->abandon();
    throw;
  }
}

}  // namespace greenwave::http
