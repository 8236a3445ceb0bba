#include <cerrno>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/text.h"
#include "doctor/checks.h"

namespace greenwave::cli {

namespace {

constexpr int connect_timeout_ms = 3000;  // for each address

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

std::string numeric(const addrinfo& address) {
  char host[NI_MAXHOST] = {};
  ::getnameinfo(address.ai_addr, address.ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return host;
}

Addresses resolve(const std::string& host, std::uint16_t port, Findings& findings) {
  // The resolver's default timeout is 10 seconds or more: too long for a technician who waits.
  ::setenv("RES_OPTIONS", "timeout:2 attempts:2", /*overwrite=*/0);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* raw = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw);
  Addresses addresses(raw, &::freeaddrinfo);
  if (failure != 0) {
    const bool unknown = failure == EAI_NONAME;
    findings.push_back(
        {CheckResult::failed, "dns", fmt::format("{}: {}", host, ::gai_strerror(failure)),
         unknown ? "check the host's name in repository.url, and the name servers in /etc/resolv.conf"
                 : "check the modem's link and the name servers in /etc/resolv.conf"});
    return {nullptr, &::freeaddrinfo};
  }
  std::string list;
  for (const auto* at = addresses.get(); at != nullptr; at = at->ai_next) {
    list += (list.empty() ? "" : ", ") + numeric(*at);
  }
  findings.push_back({CheckResult::ok, "dns", fmt::format("{} resolves to {}", host, list), ""});
  return addresses;
}

/// A connected socket, or an empty one and its errno in `failure`.
Fd connect_to(const addrinfo& address, int& failure) {
  Fd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  failure = errno;
  if (!socket) return {};
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0 && errno != EINPROGRESS) {
    failure = errno;
    return {};
  }
  pollfd ready{socket.get(), POLLOUT, 0};
  failure = ETIMEDOUT;
  if (::poll(&ready, 1, connect_timeout_ms) <= 0) return {};
  socklen_t length = sizeof failure;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failure, &length);
  if (failure != 0) return {};
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
  const timeval timeout{5, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  return socket;
}

}  // namespace

Fd check_connection(const std::string& host, std::uint16_t port, Findings& findings) {
  const auto addresses = resolve(host, port, findings);
  std::string failures;
  for (const auto* at = addresses.get(); at != nullptr; at = at->ai_next) {
    int failure = 0;
    auto socket = connect_to(*at, failure);
    if (socket) {
      findings.push_back({CheckResult::ok, "connection",
                          fmt::format("{} port {} accepts connections", numeric(*at), port), ""});
      return socket;
    }
    failures += fmt::format("{}{}: {}", failures.empty() ? "" : ", ", numeric(*at), std::strerror(failure));
  }
  if (addresses) {
    findings.push_back({CheckResult::failed, "connection",
                        fmt::format("port {} of {}: {}", port, host, failures),
                        "check the modem's link, the firewalls on the way, and whether the server is up"});
  }
  return {};
}

}  // namespace greenwave::cli
