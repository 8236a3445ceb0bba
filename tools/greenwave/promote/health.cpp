#include "promote/health.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "http/client.h"
#include "http/credentials.h"

namespace greenwave::promote {

namespace {

constexpr std::size_t most_bytes = 64 << 20;  // 100,000 devices need about 20 MiB

Error wrong(const std::string& name, std::string_view what) {
  return Error(
      Fault::invalid, fmt::format("{}: {}", printable(name), printable(what)),
      R"(write {"devices": {"ID": {"commit": "…", "health": "healthy", "seen": "2026-11-24T06:11:50Z"}}})");
}

std::string text_in(const nlohmann::json& json, const char* key) {
  const auto member = json.find(key);
  return member == json.end() ? "" : member->get<std::string>();
}

DeviceHealth read_device(const nlohmann::json& json) {
  DeviceHealth device{
      CommitId(text_in(json, "commit")), CommitId(text_in(json, "target")), text_in(json, "health"), {}};
  const auto seen = text_in(json, "seen");
  if (!seen.empty()) device.seen = from_iso(seen);
  for (const auto known : {"healthy", "failed", "reverted", "progressing"}) {
    if (device.health == known) return device;
  }
  throw Error(Fault::invalid,
              fmt::format("health is \"{}\", not healthy, failed, reverted or progressing", device.health));
}

std::string download(const std::string& url, const cli::HubPlace& hub) {
  if (!http::is_private(url)) {
    throw Error(Fault::invalid, fmt::format("{} is not an https URL", printable(url)),
                "over plain http anyone on the network could report a bad commit as healthy");
  }
  static const std::atomic<bool> never = false;
  http::Endpoint endpoint;
  endpoint.address = url;
  endpoint.authorities = hub.authorities;
  endpoint.plain = true;
  endpoint.proxies = true;
  http::Request request;
  if (!hub.token.empty()) request.headers.push_back("Authorization: Bearer " + hub.token);
  request.most_bytes = most_bytes;
  request.connect = std::chrono::seconds(20);
  request.timeout = std::chrono::minutes(5);
  constexpr auto remedy = "nothing is promoted without the devices' health";
  try {
    auto response = http::Client(std::move(endpoint), never).send(request);
    if (response.success()) return std::move(response.body);
    const bool unknown = response.status == 401 || response.status == 403;
    throw Error(unknown ? Fault::invalid : Fault::transient,
                fmt::format("{}: the server returned {}", printable(url), response.status),
                unknown
                    ? "pass the hub's token: --health-token FILE, or name it in hub.yaml as greenwave fleet "
                      "has it"
                    : remedy);
  } catch (const http::TransferError& failure) {
    throw Error(Fault::transient, printable(failure.message()), remedy);
  }
}

enum class Standing { healthy, underway, failed, silent, elsewhere };

Standing standing_of(const DeviceHealth& device, const CommitId& commit, Time since, Time recent) {
  const auto& target = device.target.empty() ? device.commit : device.target;
  const bool is_bad = device.health == "failed" || device.health == "reverted";
  if (is_bad && target == commit) return Standing::failed;
  if (device.seen && *device.seen < recent) return Standing::silent;
  if (device.health == "healthy" && device.commit == commit) return Standing::healthy;
  if (target == commit) return Standing::underway;
  return device.seen && *device.seen < since ? Standing::silent : Standing::elsewhere;
}

}  // namespace

Health parse_health(std::string_view text, const std::string& name) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("devices") || !json["devices"].is_object()) {
    throw wrong(name, "it has no map \"devices\"");
  }
  Health health;
  for (const auto& [id, device] : json["devices"].items()) {
    try {
      if (!device.is_object()) throw Error(Fault::invalid, "it is not a map");
      health.emplace(id, read_device(device));
    } catch (const nlohmann::json::exception& error) {
      throw wrong(name, fmt::format("the device {}: {}", id, error.what()));
    } catch (const Error& error) {
      throw wrong(name, fmt::format("the device {}: {}", id, error.message()));
    }
  }
  return health;
}

Health load_health(const std::string& place, const std::optional<cli::HubPlace>& hub) {
  const bool is_url = place.find("://") != std::string::npos;
  return parse_health(is_url ? download(place, hub.value_or(cli::HubPlace{})) : read_file(place, most_bytes),
                      place);
}

Tally tally(const std::vector<std::string>& devices, const Health& health, const CommitId& commit, Time since,
            Time recent) {
  Tally result;
  result.devices = devices.size();
  for (const auto& id : devices) {
    const auto found = health.find(id);
    switch (found == health.end() ? Standing::silent : standing_of(found->second, commit, since, recent)) {
      case Standing::healthy:
        ++result.healthy;
        ++result.reported;
        break;
      case Standing::underway:
        ++result.reported;
        break;
      case Standing::failed:
        result.failed.push_back(id);
        ++result.reported;
        break;
      case Standing::silent:
        result.silent.push_back(id);
        break;
      case Standing::elsewhere:
        break;
    }
  }
  return result;
}

}  // namespace greenwave::promote
