#include "http/client.h"

#include <algorithm>
#include <exception>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/version.h"
#include "http/curl.h"

namespace greenwave::http {

namespace {

constexpr int slice_ms = 200;
constexpr std::size_t most_warnings = 20;

/// libcurl reads the text where it is: it must live as long as the handle.
void set_pem(Easy& easy, CURLoption option, const std::string& pem) {
  if (pem.empty()) return;
  curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
  easy.set(option, &blob);
}

/// The server, for messages: the socket, or the address.
std::string name_of(const Endpoint& endpoint) {
  return endpoint.unix_socket.empty() ? endpoint.address : endpoint.unix_socket.native();
}

}  // namespace

/// A request in flight.
struct Client::Exchange {
  Easy easy;
  Headers headers;
  const Request* request = nullptr;
  std::size_t index = 0;
  Response response;
  Duration silent{};  ///< how long it was waited for since a byte went either way
  curl_off_t sent = 0;
  bool ended_by_sink = false;
  bool too_large = false;
  std::exception_ptr thrown;  ///< by the sink or the source

  void start(const Endpoint& endpoint, const Request& what, std::size_t number);
  void set_server(const Endpoint& endpoint);
  void set_body();
  Answer finish(CURLcode code, const Endpoint& endpoint);
  bool take(std::string_view bytes);
  void take_header(std::string_view line);
  std::size_t give(std::span<char> buffer);

  static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<Exchange*>(self)->take({bytes, size}) ? size : size + 1;
  }
  static std::size_t on_source(char* buffer, std::size_t, std::size_t size, void* self) {
    return static_cast<Exchange*>(self)->give({buffer, size});
  }
  static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) {
    static_cast<Exchange*>(self)->take_header({bytes, size});
    return size;
  }
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
    auto& own = *static_cast<Exchange*>(self);
    if (std::exchange(own.sent, sent) != sent) own.silent = {};
    const auto most = own.request->silence;
    return most.count() > 0 && own.silent >= most ? 1 : 0;
  }
};

struct Client::Handles {
  Multi multi = make_multi();
  std::vector<std::unique_ptr<Exchange>> idle;
  std::vector<std::unique_ptr<Exchange>> busy;

  /// Takes the handle back from curl, whatever happens.
  void abandon() {
    for (auto& exchange : busy) {
      curl_multi_remove_handle(multi.get(), exchange->easy.get());
      idle.push_back(std::move(exchange));
    }
    busy.clear();
  }

  void wait() {
    const auto before = std::chrono::steady_clock::now();
    curl_multi_poll(multi.get(), nullptr, 0, slice_ms, nullptr);
    const auto waited = std::chrono::steady_clock::now() - before;
    for (auto& exchange : busy) exchange->silent += std::chrono::duration_cast<Duration>(waited);
  }
};

void Client::Exchange::start(const Endpoint& endpoint, const Request& what, std::size_t number) {
  request = &what;
  index = number;
  response = {};
  silent = {};
  sent = 0;
  ended_by_sink = false;
  too_large = false;
  thrown = nullptr;

  const bool plain_only = !endpoint.unix_socket.empty();
  easy.begin(endpoint.address + what.path,
             plain_only       ? "http"
             : endpoint.plain ? "http,https"
                              : "https",
             {what.connect, what.timeout});
  easy.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  easy.set(CURLOPT_PIPEWAIT, 1L);
  easy.set(CURLOPT_QUICK_EXIT, 1L);  // a request that is stopped does not wait for a name server
  easy.set(CURLOPT_ACCEPT_ENCODING, "gzip");
  easy.set(CURLOPT_USERAGENT, fmt::format("greenwaved/{}", program_version).c_str());
  easy.set(CURLOPT_NOPROGRESS, 0L);
  easy.set(CURLOPT_XFERINFOFUNCTION, &Exchange::on_progress);
  easy.set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
  easy.set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
  easy.set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  easy.set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  easy.set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set_server(endpoint);
  set_body();
}

void Client::Exchange::set_server(const Endpoint& endpoint) {
  if (!endpoint.proxies) easy.set(CURLOPT_PROXY, "");
  easy.set(CURLOPT_MAXAGE_CONN,
           static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(endpoint.idle).count()));
  if (!endpoint.unix_socket.empty()) easy.set(CURLOPT_UNIX_SOCKET_PATH, endpoint.unix_socket.c_str());
  if (!endpoint.authorities.empty()) {
    easy.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // only these authorities
    set_pem(easy, CURLOPT_CAINFO_BLOB, endpoint.authorities);
  }
  set_pem(easy, CURLOPT_SSLCERT_BLOB, endpoint.certificate);
  set_pem(easy, CURLOPT_SSLKEY_BLOB, endpoint.key);
}

void Client::Exchange::set_body() {
  const auto& method = request->method;
  headers.reset();
  if (!request->asks_first) append(headers, "Expect:");
  for (const auto& header : request->headers) append(headers, header);
  easy.set(CURLOPT_HTTPHEADER, headers.get());
  if (request->source) {
    easy.set(CURLOPT_UPLOAD, 1L);
    easy.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request->source_bytes));
    easy.set(CURLOPT_READFUNCTION, &Exchange::on_source);
    easy.set(CURLOPT_READDATA, static_cast<void*>(this));
  } else if (!request->body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    easy.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request->body.size()));
    easy.set(CURLOPT_POSTFIELDS, request->body.data());
  }
  easy.set(CURLOPT_CUSTOMREQUEST, method.c_str());
}

std::size_t Client::Exchange::give(std::span<char> buffer) {
  try {
    return request->source(buffer);
  } catch (...) {  // no exception may pass through libcurl
    thrown = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
}

bool Client::Exchange::take(std::string_view bytes) {
  silent = {};
  response.status = easy.status();
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
  silent = {};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto name = in_lower_case(line.substr(0, colon));
  const auto value = trim(line.substr(colon + 1));
  if (name == "content-type") response.type = in_lower_case(trim(value.substr(0, value.find(';'))));
  if (name == "date") {
    const auto seconds = curl_getdate(std::string(value).c_str(), nullptr);
    if (seconds >= 0) response.date = Time(std::chrono::seconds(seconds));
  }
  if (name == "libpod-api-version") response.api_version = value.substr(0, 100);
  if (name == "warning" && response.warnings.size() < most_warnings) {
    response.warnings.emplace_back(value.substr(0, 1000));
  }
}

Answer Client::Exchange::finish(CURLcode code, const Endpoint& endpoint) {
  response.status = easy.status();
  response.retry_after = easy.retry_after();
  Answer answer;
  if (too_large) {
    answer.failure = TransferError(
        Trouble::too_large, Fault::transient,
        fmt::format("{}: the answer is larger than {} bytes", name_of(endpoint), request->most_bytes), {});
  } else if (code != CURLE_OK && !ended_by_sink) {
    answer.failure = transfer_error(easy, code, name_of(endpoint), {});
  }
  answer.response = std::move(response);
  return answer;
}

Client::Client(Endpoint endpoint, const std::atomic<bool>& stop, std::function<void()> while_waiting)
    : endpoint_(std::move(endpoint)),
      stop_(stop),
      while_waiting_(std::move(while_waiting)),
      handles_(std::make_unique<Handles>()) {}

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
        if (const auto time = exchange->easy.connect_time(); time > Duration::zero()) connecting_ = time;
        if (code == CURLE_OK) {
          const auto time = exchange->easy.answer_time();
          fastest_ = std::min(fastest_.value_or(time), time);
        }
        idle.push_back(std::move(exchange));
        on_answer(index, std::move(answer));
      }
      if (!any && while_waiting_) while_waiting_();
      if (!any) handles_->wait();
    }
  } catch (...) {
    handles_->abandon();
    throw;
  }
}

}  // namespace greenwave::http
