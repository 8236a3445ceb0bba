#include "base/tcp.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"

namespace greenwave {

namespace {

constexpr Duration slice = std::chrono::milliseconds(200);

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses resolve(const std::string& host, unsigned port, const char* written_in) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code == 0) return Addresses(list);
  if (code == EAI_NONAME || code == EAI_NODATA) {
    throw Error(Fault::transient, fmt::format("DNS knows no host {}", host),
                fmt::format("is the host right in {}, and the device's DNS server too?", written_in));
  }
  throw Error(Fault::transient, fmt::format("cannot look up {}: {}", host, ::gai_strerror(code)),
              "DNS does not answer: is the device online?");
}

/// 0, or why this one address cannot be reached.
int try_one(const addrinfo& address, Duration timeout, const std::atomic<bool>& stop, Fd& connected) {
  Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
  if (!fd) return errno;
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return errno;
    if (!wait_for(fd.get(), POLLOUT, timeout, stop)) return ETIMEDOUT;
    int code = 0;
    socklen_t size = sizeof code;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) return errno;
    if (code != 0) return code;
  }
  connected = std::move(fd);
  return 0;
}

}  // namespace

bool wait_for(int fd, short events, Duration timeout, const std::atomic<bool>& stop) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (stop) throw Error(Fault::transient, "the connection was stopped");
    const auto left = std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{fd, events, 0};
    if (::poll(&waiting, 1, static_cast<int>(std::min(left, slice).count())) > 0) return true;
  }
}

Fd connect_tcp(const std::string& host, unsigned port, Duration timeout, const std::atomic<bool>& stop,
               const char* written_in) {
  const auto addresses = resolve(host, port, written_in);
  int why = 0;
  for (const auto* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Fd fd;
    why = try_one(*address, timeout, stop, fd);
    if (why == 0) return fd;
  }
  const char* remedy = why == ECONNREFUSED
                           ? "the host is there, but nothing listens on this port: is the server up?"
                       : why == ETIMEDOUT ? "nothing answers: a firewall, or the host is down?"
                                          : "is the device online?";
  throw Error(Fault::transient, fmt::format("cannot reach {} port {}: {}", host, port, std::strerror(why)),
              remedy);
}

}  // namespace greenwave
