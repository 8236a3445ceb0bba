#include "config/cities_config.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "config/fields.h"
#include "render/cluster_file.h"

namespace greenwave::hub {

namespace {

using yaml::Fields;

constexpr std::size_t most_cities = 500;
constexpr std::size_t most_name = 100;

void read_readers(Fields& fields, CitiesConfig& config) {
  for (const auto& [name, file] : fields.text_map("readers")) {
    if (!file.starts_with('/')) {
      fields.error("readers", fmt::format("readers: {} is no absolute path", printable(file)),
                   "write NAME: /path/of/the/token's/file");
    }
    config.readers[name] = file;
  }
}

CityHub read_city(const yaml::Node& node, Problems& problems) {
  Fields fields(node, "city", problems);
  CityHub hub{.city = fields.required_text("name"), .url = read_url(fields, "url"), .token_file = {}};
  if (hub.city.size() > most_name || printable(hub.city) != hub.city) {
    fields.error("name", "name is not one line of at most 100 bytes",
                 "write the city as its hub.yaml has it");
  }
  read_path(fields, "tokenFile", hub.token_file);
  if (!fields.has("tokenFile")) {
    fields.error("tokenFile", "tokenFile is missing", "name the file with the token that its hub has made");
  }
  read_path(fields, "caFile", hub.authorities);
  read_duration(fields, "deadline", std::chrono::milliseconds(100), hub.deadline);
  fields.done();
  return hub;
}

}  // namespace

std::vector<CityHub> read_cities(Fields& fields, Problems& problems) {
  std::vector<CityHub> cities;
  const auto items = yaml::items_in(fields.sequence("cities"));
  if (items.size() > most_cities) {
    fields.error("cities", fmt::format("cities has more than {} entries", most_cities),
                 "ask some of them by another roll-up");
  }
  std::set<std::string> names;
  for (const auto& node : items.first(std::min(items.size(), most_cities))) {
    cities.push_back(read_city(node, problems));
    const auto& name = cities.back().city;
    if (!names.insert(name).second) {
      problems.error(node.place, fmt::format("{} is there twice", printable(name)), "leave one of them out");
    }
  }
  return cities;
}

CitiesConfig parse_cities_config(std::string_view text, const std::string& name, Problems& problems) {
  CitiesConfig config;
  const auto document = read_document(text, name, config_limits,
                                      "cities: [{name: NAME, url: https://HUB, tokenFile: FILE}]", problems);
  if (!document) return config;
  Fields fields(*document, "cities.yaml", problems);
  read_path(fields, "socket", config.socket);
  read_path(fields, "stateDirectory", config.state_directory);
  read_duration(fields, "interval", std::chrono::seconds(1), config.interval);
  read_readers(fields, config);
  config.users = read_users(fields);
  const auto before = problems.size();
  config.cities = read_cities(fields, problems);
  if (config.cities.empty() && problems.size() == before) {
    fields.error("cities", "there is no city",
                 "write cities: [{name: NAME, url: https://HUB, tokenFile: FILE}]");
  }
  fields.done();
  return config;
}

CitiesConfig load_cities_config(const std::filesystem::path& file) {
  Problems problems;
  auto config = parse_cities_config(read_file(file, config_limits.bytes), file.native(), problems);
  render::throw_errors(problems);
  return config;
}

}  // namespace greenwave::hub
