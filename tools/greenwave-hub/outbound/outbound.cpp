#include "outbound/outbound.h"

#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/version.h"
#include "http/curl.h"

namespace greenwave::hub {

namespace {

constexpr long most_connections = 64;
constexpr auto connect_patience = std::chrono::seconds(10);

/// The server, for messages: a path may hold what nobody else should know.
std::string server_of(const std::string& url) {
  const auto host = url.find("://");
  return url.substr(0, url.find_first_of("/?#", host == std::string::npos ? 0 : host + 3));
}

}  // namespace

struct Outbound::Exchange {
  Call call;
  Then then;
  http::Easy easy;
  http::Headers headers;
  std::string body;
  bool too_large = false;

  void start() {
    easy.begin(call.url, "http,https", {std::min<Duration>(connect_patience, call.timeout), call.timeout});
    easy.set(CURLOPT_QUICK_EXIT, 1L);
    easy.set(CURLOPT_ACCEPT_ENCODING, "gzip");
    easy.set(CURLOPT_USERAGENT, fmt::format("greenwave-hub/{}", program_version).c_str());
    easy.set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    easy.set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    if (!call.authorities.empty()) {
      easy.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // only these authorities
      curl_blob blob{call.authorities.data(), call.authorities.size(), CURL_BLOB_NOCOPY};
      easy.set(CURLOPT_CAINFO_BLOB, &blob);
    }
    http::append(headers, "Expect:");
    for (const auto& header : call.headers) http::append(headers, header);
    easy.set(CURLOPT_HTTPHEADER, headers.get());
    if (call.method != "GET") {
      easy.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
      easy.set(CURLOPT_POSTFIELDS, call.body.data());
      easy.set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
    }
  }

  Reply finish(CURLcode code) {
    Reply reply{
        .status = easy.status(), .body = std::move(body), .retry_after = easy.retry_after(), .failure = {}};
    const auto server = server_of(call.url);
    if (too_large) {
      reply.failure = http::TransferError(
          http::Trouble::too_large, Fault::transient,
          fmt::format("{}: the answer is larger than {} bytes", server, call.most_bytes), {});
    } else if (code != CURLE_OK) {
      reply.failure = http::transfer_error(easy, code, server, {.unknown_host = "is the host right?"});
    }
    return reply;
  }

  static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self) {
    auto& own = *static_cast<Exchange*>(self);
    own.too_large = size > own.call.most_bytes - own.body.size();
    if (own.too_large) return size + 1;
    own.body.append(bytes, size);
    return size;
  }
};

struct Outbound::Impl {
  Loop& loop;
  http::Multi multi = http::make_multi();
  std::unordered_map<CURL*, std::unique_ptr<Exchange>> under_way{};
  Loop::Timer timer = 0;

  explicit Impl(Loop& its_loop) : loop(its_loop) {
    curl_multi_setopt(multi.get(), CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
    curl_multi_setopt(multi.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi.get(), CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
    curl_multi_setopt(multi.get(), CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, most_connections);
  }

  ~Impl() {
    for (const auto& [easy, exchange] : under_way) curl_multi_remove_handle(multi.get(), easy);
    multi.reset();  // it closes its connections, and says so
    loop.cancel(timer);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    auto& own = *static_cast<Impl*>(self);
    if (what == CURL_POLL_REMOVE) {
      own.loop.unwatch(socket);
      return 0;
    }
    unsigned interests = 0;
    if (what != CURL_POLL_OUT) interests |= Loop::reading;
    if (what != CURL_POLL_IN) interests |= Loop::writing;
    try {
      own.loop.watch(socket, interests, [&own, socket] { own.go_on(socket); });
    } catch (const std::exception&) {  // no exception may pass through libcurl
      return -1;
    }
    return 0;
  }

  static int on_timer(CURLM*, long milliseconds, void* self) {
    auto& own = *static_cast<Impl*>(self);
    own.loop.cancel(std::exchange(own.timer, 0));
    if (milliseconds >= 0) {
      own.timer = own.loop.after(Duration(milliseconds), [&own] {
        own.timer = 0;
        own.go_on(CURL_SOCKET_TIMEOUT);
      });
    }
    return 0;
  }

  void go_on(curl_socket_t socket) {
    int active = 0;
    curl_multi_socket_action(multi.get(), socket, 0, &active);
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
    }
  }

  void end(CURL* easy, CURLcode code) {
    const auto found = under_way.find(easy);
    auto exchange = std::move(found->second);
    under_way.erase(found);
    curl_multi_remove_handle(multi.get(), easy);
    exchange->then(exchange->finish(code));
  }
};

Outbound::Outbound(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Outbound::~Outbound() = default;

void Outbound::send(Call call, Then then) {
  auto exchange = std::make_unique<Exchange>();
  exchange->call = std::move(call);
  exchange->then = std::move(then);
  exchange->start();
  auto* const easy = exchange->easy.get();
  if (curl_multi_add_handle(impl_->multi.get(), easy) != CURLM_OK) {
    throw Error(Fault::internal, "cannot start a request");
  }
  impl_->under_way.emplace(easy, std::move(exchange));
}

}  // namespace greenwave::hub
