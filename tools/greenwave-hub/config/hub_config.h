#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "config/cities_config.h"
#include "config/notices_config.h"
#include "config/role.h"

namespace greenwave::hub {

/// hub.yaml, checked, with defaults filled in.
struct HubConfig {
  std::string city;
  std::filesystem::path socket = "/run/greenwave-hub/hub.sock";
  std::filesystem::path state_directory = "/var/lib/greenwave-hub";
  std::string database;  ///< a libpq connection string
  /// An agent.yaml that says which repository the city follows, and whom to trust; empty: there is no
  /// inventory.
  std::filesystem::path follow;
  Duration heartbeat = std::chrono::minutes(5);
  Duration silent_after = std::chrono::minutes(15);  ///< a device not heard of for longer is not reporting
  bool enrols = true;  ///< has a certificate authority of its own; else certificates come from elsewhere
  Duration certificate_life = std::chrono::hours(24 * 365);
  Duration keep_history = std::chrono::hours(24 * 400);
  /// Of raster tiles, for the page's map: "https://tiles.city.example/{z}/{x}/{y}.png"; empty: the map has
  /// the streets that the intersections' names tell.
  std::string tiles;
  std::vector<std::string> relays;  ///< names of certificates that speak for any device of the city
  /// By the name that the proxy passes; "*": any other. Empty: the proxy knows no users.
  std::map<std::string, Role> users;
  NoticesConfig notices;
  std::vector<CityHub> cities;  ///< others, that the city's own hub shows beside it

  std::filesystem::path authority() const { return state_directory / "ca"; }
};

/// Reads and checks the file. Throws Error (invalid) that lists every problem, one a line.
HubConfig load_hub_config(const std::filesystem::path& file);
/// The part of it that parses. Use the result only if `problems` has no errors.
HubConfig parse_hub_config(std::string_view text, const std::string& name, Problems& problems);

}  // namespace greenwave::hub
