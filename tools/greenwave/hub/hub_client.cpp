#include "hub/hub_client.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "http/transfer_error.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_bytes = 64 << 20;  // 100,000 devices need about 40 MiB

http::Endpoint endpoint_of(const HubPlace& place) {
  http::Endpoint endpoint;
  endpoint.address = place.url;
  endpoint.authorities = place.authorities;
  endpoint.plain = true;  // on this machine alone: hub_place() sees to it
  endpoint.proxies = true;
  return endpoint;
}

std::string encoded(std::string_view text, std::string_view kept) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || kept.find(c) != std::string_view::npos) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

std::string member(const nlohmann::json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// What the hub said with a status that is no success.
Error refused(const http::Response& response, const HubPlace& place) {
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  auto message = printable(member(json, "error"));
  auto remedy = printable(member(json, "remedy"));
  const auto hub = printable(place.url);
  if (response.status == 401) {
    const auto* what = place.token.empty() ? "wants a token" : "does not accept the token";
    return {Fault::invalid, fmt::format("the hub {} {}", hub, what),
            fmt::format("make one in the city's data centre: greenwave-hub token add NAME; then pass "
                        "--token-file FILE, set GREENWAVE_HUB_TOKEN, or name its tokenFile in {}",
                        hub_file().native())};
  }
  if (message.empty()) {
    message = fmt::format("it answered HTTP {}", response.status);
    remedy = "is this the URL of a greenwave-hub?";
  }
  const auto fault = response.status >= 500 || response.status == 429 ? Fault::transient : Fault::invalid;
  return {fault, fmt::format("the hub {}: {}", hub, message), remedy};
}

Error failed(const http::TransferError& failure) {
  using http::Trouble;
  switch (failure.trouble()) {
    case Trouble::untrusted:
      return {Fault::untrusted, printable(failure.message()),
              "name the authority that signed the hub's certificate: --ca FILE, or caFile in hub.yaml"};
    case Trouble::too_large:
      return {Fault::transient, "the hub's answer is too large", "ask for fewer devices"};
    case Trouble::bad_authorities:
      return {Fault::invalid, printable(failure.message()), "--ca FILE holds certificates in PEM form"};
    default:
      return {Fault::transient, printable(failure.message()),
              "is the hub up, and the host right? Devices work on without it; on a device, greenwave status "
              "needs no hub"};
  }
}

}  // namespace

HubClient::HubClient(HubPlace place) : place_(std::move(place)), client_(endpoint_of(place_), never_) {}

std::string HubClient::ask(http::Request request) {
  if (!place_.token.empty()) request.headers.push_back("Authorization: Bearer " + place_.token);
  request.most_bytes = most_bytes;
  request.timeout = std::chrono::minutes(2);
  try {
    auto response = client_.send(request);
    if (!response.success()) throw refused(response, place_);
    return std::move(response.body);
  } catch (const http::TransferError& failure) {
    throw failed(failure);
  }
}

std::string HubClient::get_text(const std::string& path) {
  http::Request request;
  request.path = path;
  return ask(std::move(request));
}

nlohmann::json HubClient::get(const std::string& path) {
  auto json = nlohmann::json::parse(get_text(path), nullptr, false);
  if (!json.is_object()) {
    throw Error(Fault::invalid, fmt::format("{} does not speak the API of a hub", printable(place_.url)),
                "is this the URL of a greenwave-hub?");
  }
  return json;
}

nlohmann::json HubClient::post(const std::string& path, const nlohmann::json& body) {
  http::Request request;
  request.method = "POST";
  request.path = path;
  request.headers.emplace_back("Content-Type: application/json");
  request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto json = nlohmann::json::parse(ask(std::move(request)), nullptr, false);
  if (!json.is_object()) {
    throw Error(Fault::invalid, fmt::format("{} does not speak the API of a hub", printable(place_.url)),
                "is this the URL of a greenwave-hub?");
  }
  return json;
}

std::string path_part(std::string_view text) {
  return encoded(text, "-._~/");
}

std::string query_part(std::string_view text) {
  return encoded(text, "-._~");
}

}  // namespace greenwave::cli
