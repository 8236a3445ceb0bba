#include "config/hub_config.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "config/fields.h"
#include "render/cluster_file.h"

namespace greenwave::hub {

namespace {

using yaml::Fields;

void read_tiles(Fields& fields, HubConfig& config) {
  const auto written = fields.text("tiles");
  if (!written) return;
  const bool is_address = written->starts_with("https://") || written->starts_with("http://");
  const bool is_template = written->find("{z}") != std::string::npos &&
                           written->find("{x}") != std::string::npos &&
                           written->find("{y}") != std::string::npos;
  const bool is_plain =
      written->find_first_of(" ;,'\"\\") == std::string::npos && printable(*written) == *written;
  if (!is_address || !is_template || !is_plain) {
    fields.error("tiles", fmt::format("tiles: {} is no address of raster tiles", printable(*written)),
                 "write it as https://tiles.example/{z}/{x}/{y}.png");
    return;
  }
  config.tiles = *written;
}

void read_members(const yaml::Node& document, HubConfig& config, Problems& problems) {
  Fields fields(document, "hub.yaml", problems);
  config.city = fields.required_text("city");
  config.database = fields.required_text("database");
  read_path(fields, "socket", config.socket);
  read_path(fields, "stateDirectory", config.state_directory);
  read_path(fields, "follow", config.follow);
  if (const auto* node = fields.map("devices")) {
    Fields devices(*node, "devices", problems);
    read_duration(devices, "heartbeat", std::chrono::seconds(1), config.heartbeat);
    read_duration(devices, "silentAfter", std::chrono::seconds(2), config.silent_after);
    if (config.silent_after < config.heartbeat * 2) {
      devices.error("silentAfter",
                    "silentAfter is shorter than two heartbeats: devices would be silent by chance",
                    fmt::format("write at least {}", to_words(config.heartbeat * 2)));
    }
    config.enrols = devices.word("certificates", {"own", "external"}).value_or("own") == "own";
    read_duration(devices, "certificateLife", std::chrono::hours(24), config.certificate_life);
    config.relays = devices.texts("relays");
    devices.done();
  }
  read_duration(fields, "keepHistory", std::chrono::hours(24 * 31), config.keep_history);
  config.users = read_users(fields);
  if (const auto* node = fields.map("notices")) config.notices = read_notices(*node, problems);
  config.cities = read_cities(fields, problems);
  for (const auto& other : config.cities) {
    if (other.city == config.city) {
      fields.error("cities", fmt::format("cities: {} is this hub's own city", printable(other.city)),
                   "name the others alone");
    }
  }
  read_tiles(fields, config);
  fields.done();
}

}  // namespace

HubConfig parse_hub_config(std::string_view text, const std::string& name, Problems& problems) {
  HubConfig config;
  const auto document = read_document(
      text, name, config_limits, "city: NAME and database: host=/run/postgresql dbname=greenwave", problems);
  if (document) read_members(*document, config, problems);
  return config;
}

HubConfig load_hub_config(const std::filesystem::path& file) {
  Problems problems;
  auto config = parse_hub_config(read_file(file, config_limits.bytes), file.native(), problems);
  render::throw_errors(problems);
  return config;
}

}  // namespace greenwave::hub
