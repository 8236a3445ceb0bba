#include "http/http_server.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <optional>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/handle.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

using Daemon = std::unique_ptr<MHD_Daemon, Freed<MHD_stop_daemon>>;
using Response = std::unique_ptr<MHD_Response, Freed<MHD_destroy_response>>;

constexpr std::array kept_headers{"authorization",       "content-type",    "x-client-verify",
                                  "x-client-subject",    "x-client-serial", "x-real-ip",
                                  "x-remote-user",       "if-none-match",   "prefer",
                                  "last-event-id",       "accept",          "accept-encoding",
                                  "sec-fetch-site",      "x-gitlab-token",  "x-gitea-signature",
                                  "x-hub-signature-256", "x-hub-signature"};

MHD_Result add_query(void* closure, MHD_ValueKind, const char* key, const char* value) {
  static_cast<HttpRequest*>(closure)->query.emplace(key, value == nullptr ? "" : value);
  return MHD_YES;
}

}  // namespace

struct HttpServer::Impl {
  /// What libmicrohttpd waits for, and must be woken before it ends.
  class Sleeper {
   public:
    virtual ~Sleeper() = default;
    virtual void give_up() = 0;
  };
  /// A request, until its answer is sent.
  class Exchange;
  class Stream;

  Loop& loop;
  const Log& log;
  Handler handle;
  HttpLimits limits;
  std::size_t under_way = 0;
  bool must_run = false;  ///< a connection was resumed
  std::unordered_set<Sleeper*> asleep{};
  Daemon daemon{};
  int epoll = -1;

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                               const char*, const char* piece, std::size_t* size, void** state);
  static void on_completed(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode);
  __attribute__((format(printf, 2, 0))) static void on_log(void* self, const char* format, va_list values) {
    char line[512];
    std::vsnprintf(line, sizeof line, format, values);
    static_cast<Impl*>(self)->log.debug(fmt::format("http: {}", trim(line)));
  }

  void run() {
    must_run = false;
    MHD_run(daemon.get());
  }

  void suspend(MHD_Connection* connection, Sleeper& sleeper) {
    asleep.insert(&sleeper);
    MHD_suspend_connection(connection);
  }
  void resume(MHD_Connection* connection, Sleeper& sleeper) {
    if (asleep.erase(&sleeper) == 0) return;
    MHD_resume_connection(connection);
    must_run = true;
  }

  std::optional<Duration> before_waiting() {
    if (must_run) run();
    MHD_UNSIGNED_LONG_LONG milliseconds = 0;
    if (MHD_get_timeout(daemon.get(), &milliseconds) != MHD_YES) return {};
    // Ready connections that epoll will not tell of again are served without a wait.
    if (milliseconds == 0) must_run = true;
    return Duration(milliseconds);
  }
};

/// Text for one client. Libmicrohttpd asks for it, and sleeps while there is none.
class HttpServer::Impl::Stream : public HttpStream, public Sleeper {
 public:
  Stream(Impl& impl, MHD_Connection* connection) : impl_(impl), connection_(connection) {}

  bool send(std::string_view text) override {
    if (gone_ || ended_) return false;
    if (text_.size() + text.size() > impl_.limits.stream_backlog) {
      end();
      return false;
    }
    text_ += text;
    wake();
    return true;
  }
  void end() override {
    ended_ = true;
    if (!gone_) wake();
  }
  void give_up() override { end(); }
  void leave() { gone_ = true; }

  static ssize_t read(void* self, std::uint64_t, char* buffer, std::size_t room) {
    auto& stream = **static_cast<std::shared_ptr<Stream>*>(self);
    if (!stream.text_.empty()) {
      const auto count = stream.text_.copy(buffer, room);
      stream.text_.erase(0, count);
      return static_cast<ssize_t>(count);
    }
    if (stream.ended_) return MHD_CONTENT_READER_END_OF_STREAM;
    stream.impl_.suspend(stream.connection_, stream);
    return 0;
  }
  static void release(void* self) {
    const std::unique_ptr<std::shared_ptr<Stream>> owner(static_cast<std::shared_ptr<Stream>*>(self));
    (*owner)->leave();
  }

 private:
  void wake() { impl_.resume(connection_, *this); }

  Impl& impl_;
  MHD_Connection* connection_;
  std::string text_;
  bool ended_ = false;
  bool gone_ = false;
};

class HttpServer::Impl::Exchange : public Responder,
                                   public Sleeper,
                                   public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Impl& impl, MHD_Connection* connection) : impl_(impl), connection_(connection) {
    ++impl_.under_way;
  }
  ~Exchange() override { --impl_.under_way; }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void reply(HttpReply reply) override {
    if (reply_ || connection_ == nullptr) return;
    reply_ = std::move(reply);
    wake();
  }

  std::shared_ptr<HttpStream> stream(HttpReply head) override {
    stream_ = std::make_shared<Stream>(impl_, connection_);
    if (connection_ == nullptr) stream_->leave();
    reply(std::move(head));
    return stream_;
  }

  void give_up() override { reply(unavailable("the hub is stopping")); }

  /// What is too much is read and forgotten, so that the client reads why.
  void append(std::string_view piece) {
    received_ += piece.size();
    if (received_ <= impl_.limits.body) request.body += piece;
  }

  /// Once the whole request is here, and again once there is an answer.
  MHD_Result go_on() {
    if (!dispatched_) {
      dispatched_ = true;
      dispatch();
    }
    if (reply_) return queue(std::move(*reply_));
    impl_.suspend(connection_, *this);
    return MHD_YES;
  }

  MHD_Result queue(HttpReply reply) {
    Response response;
    if (stream_) {
      auto owner = std::make_unique<std::shared_ptr<Stream>>(stream_);
      response.reset(MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 * 1024, Stream::read, owner.get(),
                                                       Stream::release));
      if (!response) return MHD_NO;
      static_cast<void>(owner.release());  // the response's from here on
    } else {
      response.reset(
          MHD_create_response_from_buffer(reply.body.size(), reply.body.data(), MHD_RESPMEM_MUST_COPY));
      if (!response) return MHD_NO;
    }
    if (!reply.type.empty()) {
      MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, reply.type.c_str());
    }
    for (const auto& [name, value] : reply.headers)
      MHD_add_response_header(response.get(), name, value.c_str());
    return MHD_queue_response(connection_, reply.status, response.get());
  }

  /// The connection is done with it.
  void leave() { connection_ = nullptr; }

  HttpRequest request;

 private:
  void dispatch() {
    if (received_ > impl_.limits.body) {
      reply(refusal(413, fmt::format("the request is larger than {}", bytes_in_words(impl_.limits.body)),
                    "send less at once"));
      return;
    }
    for (const auto* name : kept_headers) {
      const auto* value = MHD_lookup_connection_value(connection_, MHD_HEADER_KIND, name);
      if (value != nullptr) request.headers.emplace(name, value);
    }
    MHD_get_connection_values(connection_, MHD_GET_ARGUMENT_KIND, add_query, &request);
    try {
      impl_.handle(std::move(request), shared_from_this());
    } catch (const std::exception& error) {
      impl_.log.error(fmt::format("a request failed: {}", error.what()));
      reply(refusal(500, "the hub could not answer", "look at its log"));
    }
  }

  void wake() { impl_.resume(connection_, *this); }

  Impl& impl_;
  MHD_Connection* connection_;
  std::uint64_t received_ = 0;
  bool dispatched_ = false;
  std::optional<HttpReply> reply_;
  std::shared_ptr<Stream> stream_;
};

MHD_Result HttpServer::Impl::on_request(void* self, MHD_Connection* connection, const char* url,
                                        const char* method, const char*, const char* piece, std::size_t* size,
                                        void** state) {
  auto& impl = *static_cast<Impl*>(self);
  try {
    if (*state == nullptr) {
      auto exchange = std::make_shared<Exchange>(impl, connection);
      exchange->request.method = method;
      exchange->request.path = url;
      *state = new std::shared_ptr<Exchange>(std::move(exchange));
      return MHD_YES;
    }
    auto& exchange = **static_cast<std::shared_ptr<Exchange>*>(*state);
    if (*size == 0) return exchange.go_on();
    exchange.append({piece, *size});
    *size = 0;
    return MHD_YES;
  } catch (const std::exception& error) {  // exceptions must not pass through libmicrohttpd
    impl.log.error(fmt::format("http: {}", error.what()));
    return MHD_NO;
  }
}

void HttpServer::Impl::on_completed(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
  const std::unique_ptr<std::shared_ptr<Exchange>> exchange(static_cast<std::shared_ptr<Exchange>*>(*state));
  *state = nullptr;
  if (exchange) (*exchange)->leave();
}

HttpServer::HttpServer(Loop& loop, const Log& log, Fd socket, Handler handle, const HttpLimits& limits)
    : impl_(new Impl{loop, log, std::move(handle), limits}) {
  const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  impl_->daemon.reset(MHD_start_daemon(flags, 0, nullptr, nullptr, Impl::on_request, impl_.get(),     //
                                       MHD_OPTION_EXTERNAL_LOGGER, Impl::on_log, impl_.get(),         //
                                       MHD_OPTION_LISTEN_SOCKET, socket.get(),                        //
                                       MHD_OPTION_CONNECTION_LIMIT, limits.connections,               //
                                       MHD_OPTION_CONNECTION_TIMEOUT, limits.idle,                    //
                                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.memory,             //
                                       MHD_OPTION_NOTIFY_COMPLETED, Impl::on_completed, impl_.get(),  //
                                       MHD_OPTION_END));
  if (!impl_->daemon)
    throw Error(Fault::transient, "cannot serve HTTP", "look at the log with --log-level debug");
  socket.release();  // libmicrohttpd closes it
  impl_->epoll = MHD_get_daemon_info(impl_->daemon.get(), MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  loop.watch(impl_->epoll, Loop::reading, [impl = impl_.get()] { impl->run(); });
  loop.before_waiting([impl = impl_.get()] { return impl->before_waiting(); });
}

HttpServer::~HttpServer() {
  // Libmicrohttpd refuses to end while it waits for an answer.
  while (!impl_->asleep.empty()) {
    (*impl_->asleep.begin())->give_up();
    impl_->run();
  }
  impl_->loop.before_waiting({});
  impl_->loop.unwatch(impl_->epoll);
}

void HttpServer::drain() {
  const auto listening = MHD_quiesce_daemon(impl_->daemon.get());
  if (listening != MHD_INVALID_SOCKET) ::close(listening);
}

std::size_t HttpServer::under_way() const {
  return impl_->under_way;
}

std::size_t HttpServer::connections() const {
  return MHD_get_daemon_info(impl_->daemon.get(), MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

Fd listen_for_proxy(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto& name = path.native();
  if (name.size() >= sizeof address.sun_path) {
    throw Error(Fault::invalid, fmt::format("{} is too long for a socket", name), "name a shorter path");
  }
  name.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), raw, sizeof address) == 0) {
    throw Error(Fault::conflict, fmt::format("another hub listens at {}", name),
                "stop it first, or name another socket");
  }
  ::unlink(name.c_str());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  constexpr int backlog = 4096;
  if (!socket || ::bind(socket.get(), raw, sizeof address) != 0) throw system_error("listen at", name);
  if (::chmod(name.c_str(), 0660) != 0 || ::listen(socket.get(), backlog) != 0)
    throw system_error("listen at", name);
  return socket;
}

}  // namespace greenwave::hub
