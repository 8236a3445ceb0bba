#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"

namespace greenwave::test {

/// Bytes over a unix socket, so that tests say exactly what goes over the wire.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to " + path + ": " + std::strerror(errno));
    }
  }

  void send(const std::string& bytes) { ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  /// Says that nothing more comes.
  void end() { ::shutdown(socket_.get(), SHUT_WR); }

  /// What has come until `marker` is in it, the server closed, or `seconds` passed without a byte.
  std::string read_until(const std::string& marker, int seconds = 10) {
    while (text_.find(marker) == std::string::npos && take(seconds)) {
    }
    return text_;
  }
  std::string read_all() {
    while (take(10)) {
    }
    return text_;
  }
  /// Whether the server has ended, as far as that was read.
  bool is_closed() const { return is_closed_; }

 private:
  bool take(int seconds) {
    pollfd wait{socket_.get(), POLLIN, 0};
    int ready = 0;
    do ready = ::poll(&wait, 1, seconds * 1000);
    while (ready < 0 && errno == EINTR);  // libFuzzer has a timer
    if (ready <= 0) return false;
    char chunk[4096];
    const auto count = ::read(socket_.get(), chunk, sizeof chunk);
    is_closed_ = count <= 0;
    if (!is_closed_) text_.append(chunk, static_cast<std::size_t>(count));
    return !is_closed_;
  }

  Fd socket_;
  std::string text_;
  bool is_closed_ = false;
};

struct RawReply {
  int status = 0;
  std::string head;
  std::string body;
};

inline RawReply request(const std::string& socket, const std::string& method, const std::string& target,
                        const std::string& body = {}) {
  RawClient client(socket);
  client.send(method + " " + target + " HTTP/1.1\r\nHost: device\r\nConnection: close\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  const auto text = client.read_all();
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos) return {};
  return {std::stoi(text.substr(text.find(' ') + 1, 3)), text.substr(0, end), text.substr(end + 4)};
}

}  // namespace greenwave::test
