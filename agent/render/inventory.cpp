#include "render/inventory.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include <fmt/format.h>

#include "base/problem_lists.h"
#include "base/text.h"
#include "model/polygon.h"
#include "render/features.h"
#include "yaml/fields.h"

namespace greenwave::render {

namespace {

const std::string* id_of(const yaml::Node& feature) {
  const auto* id = feature.find("id");
  return id != nullptr ? id->string() : nullptr;
}

void read_geometry(const yaml::Node& feature, Device& device, Problems& problems) {
  const auto* type = feature.at({"geometry", "type"});
  const auto* position = feature.at({"geometry", "coordinates"});
  const auto* geometry = feature.find("geometry");
  const bool is_point = type != nullptr && type->string() != nullptr && *type->string() == "Point";
  if (!is_point || position == nullptr) {
    problems.error(geometry != nullptr ? geometry->place : feature.place,
                   fmt::format("the device {} has no position", printable(device.id)),
                   R"(write "geometry": {"type": "Point", "coordinates": [longitude, latitude]})");
    return;
  }
  read_position(*position, device.position, problems);
}

/// Reads a Feature whose id is known to be a string.
Device read_device(yaml::Node feature, Problems& problems) {
  Device device;
  device.id = *id_of(feature);
  device.in_inventory = true;
  device.properties = yaml::Node{yaml::Node::Map{}, feature.place};
  if (device.id.empty()) problems.error(feature.find("id")->place, "a device's id is empty", "give it one");
  read_geometry(feature, device, problems);
  if (auto* properties = feature.find("properties"); properties != nullptr && !properties->is_null()) {
    yaml::Fields fields(*properties, fmt::format("the properties of {}", printable(device.id)), problems);
    device.labels = fields.text_map("labels");
    device.retired = fields.flag("retired").value_or(false);
    if (properties->is_map()) device.properties = std::move(*properties);
  }
  return device;
}

void report_second(const yaml::Node& feature, const Place& first, Problems& problems) {
  problems.error(feature.place,
                 fmt::format("duplicate device {} in the inventory, first on line {}",
                             printable(*id_of(feature)), first.line),
                 "remove one of the two Features");
}

/// "SF-0042.city.example" → "sf-0042": what the name of a host may stand for.
std::string host_part(std::string_view id) {
  return in_lower_case(id.substr(0, id.find('.')));
}

std::vector<std::string> nearest_ids(const std::string& id, std::vector<std::string> ids) {
  std::vector<std::string> near;
  std::ranges::copy_if(ids, std::back_inserter(near),
                       [&id](const std::string& other) { return host_part(other) == host_part(id); });
  if (!near.empty()) return near;
  while (near.size() < 3) {
    auto next = nearest(id, ids);
    if (next.empty()) break;
    std::erase(ids, next);
    near.push_back(std::move(next));
  }
  return near;
}

}  // namespace

Lookup find_device(std::string_view inventory, const std::string& file, const std::string& id,
                   Problems& problems) {
  Lookup lookup;
  Place first;
  std::vector<std::string> others;
  const auto take = [&](yaml::Node feature) {
    const auto* found = id_of(feature);
    if (found == nullptr) return;
    if (*found != id) {
      others.push_back(*found);
    } else if (lookup.device) {
      report_second(feature, first, problems);
    } else {
      first = feature.place;
      lookup.device = read_device(std::move(feature), problems);
    }
  };
  if (const auto extents = features_that_may_be(inventory, id)) {
    for (const auto& extent : *extents) read_feature(extent, file, take);
  }
  if (!lookup.device) {
    others.clear();
    each_feature(inventory, file, take);
  }
  if (!lookup.device) lookup.near = nearest_ids(id, std::move(others));
  return lookup;
}

std::vector<ListedDevice> list_devices(std::string_view inventory, const std::string& file,
                                       Problems& problems) {
  std::vector<ListedDevice> devices;
  std::unordered_map<std::string, std::pair<std::size_t, Place>> seen;
  each_feature(inventory, file, [&](yaml::Node feature) {
    const auto* id = id_of(feature);
    if (id == nullptr) {
      const auto* member = feature.find("id");
      problems.error(member != nullptr ? member->place : feature.place,
                     "this Feature has no id that is a string", R"(write "id": "sf-0042" beside "type")");
      return;
    }
    const auto [at, is_first] = seen.try_emplace(*id, devices.size(), feature.place);
    const auto& [number, place] = at->second;
    if (is_first) {
      auto& listed = devices.emplace_back();
      listed.device = read_device(std::move(feature), listed.problems);
    } else {
      report_second(feature, place, devices[number].problems);
    }
  });
  return devices;
}

std::vector<Device> read_devices(std::string_view inventory, const std::string& file, Problems& problems) {
  std::vector<Device> devices;
  Problems found;
  for (auto& listed : list_devices(inventory, file, found)) {
    found.append(listed.problems);
    devices.push_back(std::move(listed.device));
  }
  problems.append(in_file_order(found));
  return devices;
}

}  // namespace greenwave::render
