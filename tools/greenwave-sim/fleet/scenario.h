#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace greenwave::sim {

/// Where a city's devices report to.
struct HubAddress {
  std::string host;
  std::uint16_t port = 0;
  std::string authorities;          ///< a PEM file: of the hub's certificate
  std::filesystem::path authority;  ///< the city's own authority (hub::Authority), which signs the devices'
};

struct CityAddress {
  std::string name;
  std::string host;
  std::uint16_t port = 0;
  std::string path;         ///< of the repository on the server: "/fresno.git"
  std::string authorities;  ///< a PEM file: of the server's certificate
  std::string signers;      ///< an allowed_signers file; empty: commits are not checked
  std::string branch;       ///< full name
  std::size_t devices = 0;
  std::optional<HubAddress> hub{};
};

/// A fleet, and the servers that it asks.
struct Scenario {
  Duration interval{};
  std::filesystem::path scratch;  ///< for git stores
  std::vector<CityAddress> cities;
};

/// Reads JSON:
///
///     {"interval": "60s", "scratch": DIRECTORY, "cities": [{"name": TEXT, "host": TEXT, "port": NUMBER,
///      "path": "/fresno.git", "authorities": FILE, "signers": FILE, "branch": "refs/heads/main",
///      "devices": NUMBER, "hub": {"host": TEXT, "port": NUMBER, "authorities": FILE, "authority":
///      DIRECTORY}}]}
///
/// "signers" and "hub" may be absent. Throws Error (invalid) for anything else.
Scenario read_scenario(std::string_view text);

/// The id of a city's device, as its inventory must have it: "fresno-00042".
std::string device_id(const std::string& city, std::size_t number);

}  // namespace greenwave::sim
