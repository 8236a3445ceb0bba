#include "control/server.h"

#include <atomic>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "control/members.h"
#include "control/mhd.h"
#include "control/peer.h"
#include "control/request.h"
#include "control/routes.h"
#include "control/socket.h"
#include "control/stream.h"
#include "control/upload.h"

namespace greenwave::control {

namespace {

constexpr std::size_t connection_memory = 16 * 1024;  // for the request line and headers
constexpr std::size_t thread_stack = 1 << 20;         // a diff renders on it; only touched pages count
constexpr unsigned stream_idle = 60;                  // seconds: more than a few of the stream's heartbeats
constexpr std::size_t discarded_most = 1 << 20;       // of a rejected body
constexpr std::chrono::seconds farewell{1};
constexpr std::size_t large_reply = 256 * 1024;

/// A request whose body is still arriving.
struct Pending {
  std::string body;
  std::size_t received = 0;
  std::optional<Upload> bundle;
  std::optional<Reply> refused;  ///< before its body arrived
};

struct ReplyBody {
  std::string text;
};

/// Returns the memory of a large reply to the system: the daemon's next such reply may be weeks away.
void free_body(void* closure) {
  const std::unique_ptr<ReplyBody> body(static_cast<ReplyBody*>(closure));
  if (body->text.size() < large_reply) return;
  std::string().swap(body->text);
  ::malloc_trim(0);
}

ssize_t read_body(void* closure, std::uint64_t at, char* buffer, std::size_t room) {
  const auto& text = static_cast<ReplyBody*>(closure)->text;
  return static_cast<ssize_t>(text.copy(buffer, room, at));
}

Response response_of(std::string text) {
  constexpr std::size_t block = 16 * 1024;
  auto body = std::make_unique<ReplyBody>(ReplyBody{std::move(text)});
  Response response(
      MHD_create_response_from_callback(body->text.size(), block, read_body, body.get(), free_body));
  if (!response) throw std::bad_alloc();
  static_cast<void>(body.release());  // owned by the response from here on
  return response;
}

MHD_Result add_query(void* closure, MHD_ValueKind, const char* key, const char* value) {
  try {
    auto& query = *static_cast<std::map<std::string, std::string>*>(closure);
    query[key] = value == nullptr ? "" : value;
    return MHD_YES;
  } catch (const std::exception&) {
    return MHD_NO;
  }
}

std::uint64_t declared_length(MHD_Connection* connection) {
  const char* text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  std::uint64_t length = 0;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), length);
  return length;
}

}  // namespace

struct Server::Impl {
  daemon::Agent& agent;
  const Log& log;
  Limits limits;
  Policy policy;
  std::filesystem::path path;
  std::filesystem::path directory;  ///< where uploaded bundles are stored
  std::atomic<bool> uploading = false;
  Members members{policy, limits.members};
  Streams streams{};
  Daemon daemon{};

  /// Called by libmicrohttpd once after the headers, then for each piece of the body, then once more without
  /// one, to produce the reply.
  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                               const char*, const char* piece, std::size_t* size, void** state) {
    auto& impl = *static_cast<Impl*>(self);
    try {
      if (*state == nullptr) {
        auto& pending = *new Pending;
        *state = &pending;
        const auto length = declared_length(connection);
        if (url == bundle_path && std::string_view(method) == "POST") {
          impl.expect_bundle(connection, length, pending);
        } else if (length > discarded_most) {
          pending.refused = impl.too_large();
        }
        if (!pending.refused || length <= discarded_most) return MHD_YES;
        return impl.queue(connection, std::move(*pending.refused));
      }
      auto& pending = *static_cast<Pending*>(*state);
      if (*size > 0 && pending.bundle) {
        pending.bundle->append({piece, *size});
        *size = 0;
        return MHD_YES;
      }
      if (*size > 0) {
        pending.received += *size;
        if (pending.received > discarded_most) return MHD_NO;
        if (pending.received <= impl.limits.body) pending.body.append(piece, *size);
        *size = 0;
        return MHD_YES;
      }
      return impl.queue(connection, impl.respond(connection, method, url, pending));
    } catch (const std::exception& error) {  // exceptions must not pass through libmicrohttpd
      impl.log.error(fmt::format("control: {} {}: {}", method, url, error.what()));
      return MHD_NO;
    }
  }

  static void on_completed(void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
    const std::unique_ptr<Pending> pending(static_cast<Pending*>(*state));
    *state = nullptr;
    if (pending && pending->bundle) static_cast<Impl*>(self)->uploading = false;
  }

  /// Rejects unauthorized and oversized requests before the bundle arrives.
  void expect_bundle(MHD_Connection* connection, std::uint64_t length, Pending& pending) {
    pending.refused = refused_peer(connection, "POST", bundle_path);
    if (!pending.refused) pending.refused = refused_bundle(connection);
    if (pending.refused) return;
    if (length == 0) {
      pending.refused = refusal(411, "the request has no Content-Length, or no bundle", "send a whole file");
    } else if (length > largest_bundle) {
      pending.refused =
          refusal(413, fmt::format("the bundle is larger than {}", bytes_in_words(largest_bundle)),
                  "make one for this device alone: greenwave bundle --device ID");
    } else if (uploading.exchange(true)) {
      pending.refused = refusal(409, "another bundle is being sent", "try again when it has arrived");
    } else {
      try {
        pending.bundle.emplace(directory, length);
      } catch (const Error& error) {
        uploading = false;
        pending.refused = refusal(503, error.message(), "free some space and try again");
      }
    }
  }

  __attribute__((format(printf, 2, 0))) static void on_log(void* self, const char* format, va_list values) {
    char line[512];
    std::vsnprintf(line, sizeof line, format, values);
    static_cast<Impl*>(self)->log.debug(fmt::format("control: {}", line));
  }

  Reply too_large() const {
    return refusal(413, fmt::format("the request's body is larger than {} bytes", limits.body),
                   "send a small JSON object");
  }

  static Peer peer_at(MHD_Connection* connection) {
    return peer_of(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
  }

  std::optional<Reply> refused_peer(MHD_Connection* connection, std::string_view method,
                                    std::string_view url) const {
    const auto peer = peer_at(connection);
    if (may_use(peer, policy)) return {};
    log.warning(fmt::format("control: refused {} {} by {}", method, url, peer.user));
    return refusal(403, fmt::format("{} may not use greenwaved's control socket", peer.user),
                   fmt::format("use sudo, or join the group {0}: sudo adduser {1} {0}, then log in again",
                               group_name, peer.user));
  }

  /// Signatures say whose a bundle is; without them it is root's alone. Said again when it is read, since the
  /// configuration may change meanwhile.
  std::optional<Reply> refused_bundle(MHD_Connection* connection) const {
    const auto peer = peer_at(connection);
    if (may_choose(peer, policy) || agent.status().checks_commits) return {};
    log.warning(fmt::format("control: refused a bundle by {}, since commits are not checked", peer.user));
    return refusal(
        403,
        "commits are not checked here, so that a bundle is only taken from root: who makes one chooses "
        "what root writes and runs",
        "use sudo, or set trust.allowedSigners in agent.yaml");
  }

  Reply respond(MHD_Connection* connection, const char* method, const char* url, Pending& pending) {
    if (pending.refused) return std::move(*pending.refused);
    if (auto refused = refused_peer(connection, method, url)) return std::move(*refused);
    if (pending.received > limits.body) return too_large();
    Call call{method, url, {}, std::move(pending.body), {}, peer_at(connection), false};
    call.may_choose = may_choose(call.peer, policy);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &call.query);
    if (pending.bundle) {
      try {
        call.bundle = pending.bundle->finish(read_bundle_name(call.query));
      } catch (const Error& error) {
        return refusal(400, error.message(), error.remedy());
      }
    }
    // The client is not idle while the agent works on the reply (a diff polls and renders). Setting the
    // time-out again also restarts its countdown.
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    auto reply = answer(agent, call, log);
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                              reply.run ? stream_idle : static_cast<unsigned>(limits.idle.count()));
    return reply;
  }

  MHD_Result queue(MHD_Connection* connection, Reply reply) {
    const bool streamed = reply.run != nullptr;
    const auto response =
        streamed ? stream_of(std::move(reply.run), agent, streams) : response_of(std::move(reply.body));
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE,
                            streamed ? "application/x-ndjson" : "application/json");
    if (!reply.allow.empty()) {
      MHD_add_response_header(response.get(), MHD_HTTP_HEADER_ALLOW, reply.allow.c_str());
    }
    return MHD_queue_response(connection, reply.status, response.get());
  }
};

Server::Server(daemon::Agent& agent, const config::Config& config, const Log& log, const Limits& limits)
    : impl_(new Impl{agent, log, limits, system_policy(), config.socket(), config.state_directory}) {
  auto socket = listen_at(impl_->path, impl_->policy, log);
  const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                         MHD_USE_ITC | MHD_USE_ERROR_LOG;
  impl_->daemon.reset(MHD_start_daemon(flags, 0, nullptr, nullptr, Impl::on_request, impl_.get(),  //
                                       MHD_OPTION_EXTERNAL_LOGGER, Impl::on_log, impl_.get(),      //
                                       MHD_OPTION_LISTEN_SOCKET, socket.get(),                     //
                                       MHD_OPTION_CONNECTION_LIMIT, limits.connections,            //
                                       MHD_OPTION_CONNECTION_TIMEOUT,
                                       static_cast<unsigned>(limits.idle.count()),                    //
                                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory,         //
                                       MHD_OPTION_THREAD_STACK_SIZE, thread_stack,                    //
                                       MHD_OPTION_NOTIFY_COMPLETED, Impl::on_completed, impl_.get(),  //
                                       MHD_OPTION_NOTIFY_CONNECTION, Members::on_connection,          //
                                       &impl_->members,                                               //
                                       MHD_OPTION_END));
  if (!impl_->daemon) {
    throw Error(Fault::transient, fmt::format("cannot serve the control socket {}", impl_->path.native()),
                "look at the log with --log-level debug");
  }
  socket.release();  // libmicrohttpd closes it
  log.debug(fmt::format("control: listening on {}", impl_->path.native()));
}

Server::~Server() {
  // libmicrohttpd cuts what is open when it stops: the streams get a moment to say their last line.
  impl_->streams.stopping = true;
  const auto deadline = std::chrono::steady_clock::now() + farewell;
  while (impl_->streams.open > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  impl_->daemon.reset();
  ::unlink(impl_->path.c_str());
}

}  // namespace greenwave::control
