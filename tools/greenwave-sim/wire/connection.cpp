#include "wire/connection.h"

#include <array>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "base/error.h"

namespace greenwave::sim {

TlsContext make_client_context(const std::string& authorities_file) {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_load_verify_locations(context.get(), authorities_file.c_str(), nullptr) != 1) {
    throw Error(Fault::invalid, authorities_file + ": no certificates in PEM format");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // Tens of thousands are idle at a time.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

void Connection::send(std::string request, Duration patience, std::size_t kept) {
  request_ = std::move(request);
  sent_ = 0;
  kept_ = kept;
  reader_.emplace(kept);
  ++traffic_.requests;
  patience_ = loop_.after(patience, [this] {
    patience_ = 0;
    fail();
  });
  if (!socket_) {
    open();
  } else if (write()) {
    watch(hub::Loop::reading);
  }
}

void Connection::open() {
  ++traffic_.connections;
  is_greeted_ = false;
  is_used_ = false;
  socket_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) throw system_error("make", "a socket");
  const int one = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::setsockopt(socket_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(source_);
  ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(target_.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_under_way =
      ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ||
      errno == EINPROGRESS;
  tls_.reset(SSL_new(target_.context));
  SSL_set_fd(tls_.get(), socket_.get());
  SSL_set_tlsext_host_name(tls_.get(), target_.host.c_str());
  SSL_set1_host(tls_.get(), target_.host.c_str());
  if (identity_.certificate != nullptr) {
    SSL_use_certificate(tls_.get(), identity_.certificate);
    SSL_use_PrivateKey(tls_.get(), identity_.key);
  }
  SSL_set_connect_state(tls_.get());
  interests_ = 0;
  counted_sent_ = counted_received_ = 0;
  // What fails at once is told by the loop as well: whoever sends is not called back meanwhile.
  watch(is_under_way ? hub::Loop::writing : hub::Loop::reading | hub::Loop::writing);
}

void Connection::watch(unsigned interests) {
  if (interests == interests_) return;
  interests_ = interests;
  loop_.watch(socket_.get(), interests, [this] { ready(); });
}

void Connection::ready() {
  if (!is_greeted_ && !greet()) return;
  if (reader_ && sent_ < request_.size() && !write()) return;
  watch(hub::Loop::reading);
  read();
}

/// False while it lasts, and when it failed.
bool Connection::greet() {
  ERR_clear_error();
  const int result = SSL_do_handshake(tls_.get());
  if (result == 1) return is_greeted_ = true;
  if (!wants_more(result)) fail();
  return false;
}

/// Whether TLS only waits for the socket.
bool Connection::wants_more(int result) {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      watch(hub::Loop::reading);
      return true;
    case SSL_ERROR_WANT_WRITE:
      watch(hub::Loop::writing);
      return true;
    default:
      return false;
  }
}

bool Connection::write() {
  while (sent_ < request_.size()) {
    ERR_clear_error();
    const int count =
        SSL_write(tls_.get(), request_.data() + sent_, static_cast<int>(request_.size() - sent_));
    if (count <= 0) {
      if (!wants_more(count)) end_of_stream();
      return false;
    }
    sent_ += static_cast<std::size_t>(count);
  }
  return true;
}

void Connection::read() {
  std::array<char, 16 * 1024> bytes{};
  while (socket_) {
    ERR_clear_error();
    const int count = SSL_read(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (count <= 0) {
      if (!wants_more(count)) end_of_stream();
      return;
    }
    if (!reader_) return close();  // nobody has asked for that
    try {
      reader_->take({bytes.data(), static_cast<std::size_t>(count)});
    } catch (const Error&) {
      return fail();
    }
    if (reader_->is_done()) return finish();
  }
}

/// The server has closed the connection, or it broke.
void Connection::end_of_stream() {
  if (!reader_) return close();
  if (reader_->take_end()) return finish();
  if (!is_used_ || reader_->has_begun()) return fail();
  auto request = std::move(request_);
  const auto patience = std::exchange(patience_, 0);
  close();
  request_ = std::move(request);
  sent_ = 0;
  reader_.emplace(kept_);
  patience_ = patience;
  open();
}

void Connection::finish() {
  auto response = std::move(reader_->response());
  reader_.reset();
  loop_.cancel(std::exchange(patience_, 0));
  is_used_ = true;
  request_ = {};
  count_bytes();
  if (!response.keeps_connection) close();
  asker_.answered(*this, response);
}

void Connection::fail() {
  ++traffic_.lost;
  close();
  asker_.lost(*this);
}

void Connection::count_bytes() {
  const auto received = BIO_number_read(SSL_get_rbio(tls_.get()));
  const auto sent = BIO_number_written(SSL_get_wbio(tls_.get()));
  traffic_.received += received - std::exchange(counted_received_, received);
  traffic_.sent += sent - std::exchange(counted_sent_, sent);
}

void Connection::close() {
  loop_.cancel(std::exchange(patience_, 0));
  reader_.reset();
  request_ = {};
  if (!socket_) return;
  loop_.unwatch(socket_.get());
  count_bytes();
  tls_.reset();
  socket_ = Fd();
}

}  // namespace greenwave::sim
