#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

namespace greenwave::git {

/// Where a connection goes.
struct Endpoint {
  std::string host;
  unsigned port = 0;

  bool operator==(const Endpoint&) const = default;
};

/// Those that requests to an https:// address may need: its server, and the proxies of the environment, of
/// which libcurl chooses (https_proxy and all_proxy in both spellings: libcurl-env(3)).
std::vector<Endpoint> endpoints_of(const std::string& address);

/// The address that libcurl is told for the endpoint with this index, so that it asks no DNS: none that
/// anything can have.
std::string stand_in_for(std::size_t index);
/// Which endpoint libcurl means by an address, a stand-in or the host itself where that is one; null: none.
const Endpoint* endpoint_at(const std::vector<Endpoint>& endpoints, const sockaddr& address);

}  // namespace greenwave::git
