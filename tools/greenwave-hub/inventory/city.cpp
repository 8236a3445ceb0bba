#include "inventory/city.h"

#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "model/wave.h"
#include "render/cluster_file.h"
#include "render/inventory.h"
#include "render/layers.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_problems = 100;
constexpr std::size_t most_text = 300;

std::string waves_as_json(const Cluster& cluster) {
  auto json = nlohmann::json::array();
  for (const auto& wave : cluster.waves) {
    json.push_back({{"name", wave.name},
                    {"ref", wave.ref},
                    {"soakMs", wave.soak.count()},
                    {"healthyPercent", wave.healthy_percent},
                    {"failedPercent", wave.failed_percent},
                    {"reportedPercent", wave.reported_percent},
                    {"silentAfterMs", wave.silent_after.count()}});
  }
  return json.dump();
}

std::string windows_as_json(const Cluster& cluster) {
  auto json = nlohmann::json::array();
  for (const auto& window : cluster.windows) {
    json.push_back({{"name", window.name},
                    {"days", window.days},
                    {"from", window.from},
                    {"to", window.to},
                    {"timezone", window.timezone}});
  }
  return json.dump();
}

std::string name_of(const Device& device) {
  const auto* name = device.properties.find("name");
  return name == nullptr ? "" : in_one_line(printed(*name), most_text);
}

/// The member `attribution` of the inventory, beside its Features: what the licence of its places asks for.
std::string attribution_in(std::string_view inventory) {
  const auto beside_features = [](int, nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
    return event != nlohmann::json::parse_event_t::key || parsed != "features";
  };
  const auto json = nlohmann::json::parse(inventory, beside_features, false);
  if (!json.is_object() || !json.contains("attribution") || !json["attribution"].is_string()) return {};
  return in_one_line(json["attribution"].get_ref<const std::string&>(), most_text);
}

void add(std::vector<std::string>& texts, const Problems& problems, std::set<std::string>& known) {
  for (const auto& problem : problems.list()) {
    auto text = to_string(problem);
    if (texts.size() < most_problems && known.insert(text).second) texts.push_back(std::move(text));
  }
}

}  // namespace

CityInventory read_city(const SourceTree& tree) {
  Problems problems;
  const auto cluster = render::read_cluster(tree, problems);
  CityInventory city{.cluster = cluster.name,
                     .waves_json = waves_as_json(cluster),
                     .windows_json = windows_as_json(cluster)};
  for (const auto& wave : cluster.waves) city.waves.push_back({wave.name, wave.ref});
  std::set<std::string> known;
  if (cluster.devices.empty()) {
    add(city.problems, problems, known);
    return city;
  }
  render::LayerChooser chooser(cluster, tree);
  const auto inventory = render::read_inventory(cluster, tree);
  city.attribution = attribution_in(inventory);
  const auto listed = render::list_devices(inventory, cluster.devices, problems);
  std::set<std::string> ids;
  for (const auto& [device, of_device] : listed) {
    problems.append(of_device);
    if (!ids.insert(device.id).second) continue;  // its problems say so
    const auto* wave = wave_of(cluster, device);
    ListedDevice row{.id = device.id,
                     .name = name_of(device),
                     .retired = device.retired,
                     .position = device.position,
                     .labels = device.labels,
                     .wave = wave == nullptr ? "" : wave->name,
                     .layers = {}};
    for (const auto& layer : chooser.choose(device, render::Variables(cluster, device), problems))
      row.layers.push_back(layer.path);
    city.devices.push_back(std::move(row));
  }
  add(city.problems, problems, known);
  return city;
}

}  // namespace greenwave::hub
