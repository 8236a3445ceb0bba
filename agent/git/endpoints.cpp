#include "git/endpoints.h"

#include <cstdlib>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include "base/contains.h"
#include "base/text.h"
#include "http/curl.h"

namespace greenwave::git {

namespace {

constexpr const char* proxy_variables[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

std::string part_of(CURLU* url, CURLUPart part) {
  char* raw = nullptr;
  if (curl_url_get(url, part, &raw, 0) != CURLUE_OK) return {};
  return http::UrlText(raw).get();
}

std::string without_brackets(std::string host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

/// `usual` is the port where the text names none. Nothing where it cannot be read.
Endpoint endpoint_in(const std::string& text, unsigned usual) {
  const http::Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(),
                           CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return {};
  }
  const auto port = part_of(url.get(), CURLUPART_PORT);
  return {without_brackets(part_of(url.get(), CURLUPART_HOST)),
          port.empty() ? usual : static_cast<unsigned>(std::strtoul(port.c_str(), nullptr, 10))};
}

/// libcurl's own default.
unsigned usual_port_of_proxy(std::string_view text) {
  return text.starts_with("https://") ? 443 : 1080;
}

std::string host_of(const sockaddr& address) {
  const auto size = address.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  char text[NI_MAXHOST];
  if (::getnameinfo(&address, static_cast<socklen_t>(size), text, sizeof text, nullptr, 0, NI_NUMERICHOST) !=
      0) {
    return {};
  }
  return text;
}

unsigned port_of(const sockaddr& address) {
  return ntohs(address.sa_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                                            : reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

}  // namespace

std::vector<Endpoint> endpoints_of(const std::string& address) {
  std::vector<Endpoint> found{endpoint_in(address, 443)};
  for (const auto* name : proxy_variables) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    auto proxy = endpoint_in(value, usual_port_of_proxy(value));
    if (!proxy.host.empty() && !contains(found, proxy)) found.push_back(std::move(proxy));
  }
  return found;
}

std::string stand_in_for(std::size_t index) {
  return fmt::format("0.0.0.{}", index + 1);
}

const Endpoint* endpoint_at(const std::vector<Endpoint>& endpoints, const sockaddr& address) {
  const auto host = host_of(address);
  const auto port = port_of(address);
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const auto& endpoint = endpoints[i];
    if (endpoint.port == port && (host == stand_in_for(i) || host == endpoint.host)) return &endpoint;
  }
  return nullptr;
}

}  // namespace greenwave::git
