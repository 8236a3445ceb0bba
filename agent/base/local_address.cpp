#include "base/local_address.h"

#include <algorithm>
#include <memory>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"

namespace greenwave {

namespace {

std::string text_of(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  }
  return text;
}

/// The address that a datagram to `far` would be sent from. Connecting a datagram socket sends nothing.
std::string sender_to(int family, const char* far) {
  const Fd socket(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return {};
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (family == AF_INET) {
    auto& address = reinterpret_cast<sockaddr_in&>(storage);
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    ::inet_pton(AF_INET, far, &address.sin_addr);
    size = sizeof address;
  } else {
    auto& address = reinterpret_cast<sockaddr_in6&>(storage);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(9);
    ::inet_pton(AF_INET6, far, &address.sin6_addr);
    size = sizeof address;
  }
  auto* any = reinterpret_cast<sockaddr*>(&storage);
  if (::connect(socket.get(), any, size) != 0) return {};
  size = sizeof storage;
  if (::getsockname(socket.get(), any, &size) != 0) return {};
  return text_of(any);
}

bool is_for_others(const ifaddrs& one, int family) {
  if (one.ifa_addr == nullptr || one.ifa_addr->sa_family != family) return false;
  if ((one.ifa_flags & IFF_UP) == 0 || (one.ifa_flags & IFF_LOOPBACK) != 0) return false;
  return family != AF_INET6 ||
         !IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(one.ifa_addr)->sin6_addr);
}

std::string address_of_an_interface(int family) {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(raw, ::freeifaddrs);
  for (const auto* one = all.get(); one != nullptr; one = one->ifa_next) {
    if (is_for_others(*one, family)) return text_of(one->ifa_addr);
  }
  return {};
}

}  // namespace

std::vector<std::string> local_addresses() {
  std::vector<std::string> addresses;
  // Of the ranges that RFC 5737 and RFC 3849 keep for documentation: nobody is there.
  for (const auto& [family, far] : {std::pair{AF_INET, "192.0.2.1"}, {AF_INET6, "2001:db8::1"}}) {
    auto address = sender_to(family, far);
    if (address.empty()) address = address_of_an_interface(family);
    if (!address.empty()) addresses.push_back(std::move(address));
  }
  return addresses;
}

}  // namespace greenwave
