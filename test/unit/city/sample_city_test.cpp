#include <algorithm>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "render/render.h"
#include "support/memory_tree.h"
#include "support/source_directory.h"

using namespace greenwave;
namespace fs = std::filesystem;

namespace {

test::MemoryTree sample_city() {
  const auto city = test::source_directory() / "manifests/san-francisco";
  std::map<std::string, std::string> files;
  for (const auto& item : fs::recursive_directory_iterator(city)) {
    if (item.is_regular_file()) {
      files[fs::relative(item.path(), city).native()] = read_file(item.path(), 1 << 20);
    }
  }
  return {std::move(files)};
}

render::Rendered rendered(const test::MemoryTree& city, const std::string& device) {
  return render::render(city,
                        {.device = device, .labels = {}, .facts = {{"arch", "aarch64"}, {"os", "debian"}}});
}

const yaml::Node& spec_of(const render::Rendered& device, const std::string& object) {
  for (const auto& manifest : device.manifests) {
    if (to_string(manifest.id) == object) return manifest.spec();
  }
  throw std::runtime_error(object + " is not rendered");
}

nlohmann::ordered_json json_of(const render::Rendered& device, const std::string& object) {
  return yaml::to_json(*spec_of(device, object).find("json"));
}

/// One device for each value of each label, so that every layer is rendered without rendering 485 times.
std::set<std::string> one_of_each_kind(const test::MemoryTree& city) {
  std::set<std::string> seen;
  std::set<std::string> devices;
  const auto inventory = nlohmann::json::parse(city.read("devices.geojson", 1 << 20));
  for (const auto& feature : inventory.at("features")) {
    const auto& properties = feature.at("properties");
    for (const auto& [key, value] : properties.at("labels").items()) {
      if (seen.insert(key + "=" + value.get<std::string>()).second) devices.insert(feature.at("id"));
    }
    if (!properties.at("labels").contains("corridor") && seen.insert("no corridor").second) {
      devices.insert(feature.at("id"));
    }
  }
  return devices;
}

}  // namespace

TEST_CASE("sample city: every layer renders without a problem") {
  const auto city = sample_city();
  std::set<std::string> layers;
  for (const auto& id : one_of_each_kind(city)) {
    const auto device = rendered(city, id);
    CAPTURE(id);
    for (const auto& problem : device.problems.list()) FAIL_CHECK(to_string(problem));
    CHECK(device.complete);
    CHECK(device.refused.empty());
    CHECK(device.manifests.size() > 20);
    layers.insert(device.layers.begin(), device.layers.end());
  }
  CHECK(layers.size() >= 2 + 4 + 11);
}

TEST_CASE("sample city: 19th & Castro gets its corridor's plan, its own offset and its own walk time") {
  const auto device = rendered(sample_city(), "sf-0042");
  CHECK(device.layers == std::vector<std::string>{"base", "models/atc-5201", "districts/castro",
                                                  "corridors/castro", "devices/sf-0042"});
  const auto coordination = json_of(device, "File/coordination");
  CHECK(coordination.at("intersection") == "sf-0042");
  CHECK(coordination.at("corridor") == "castro");
  CHECK(coordination.at("patterns").at("pm-peak").at("cycle") == 80);
  CHECK(coordination.at("patterns").at("pm-peak").at("offset") == 76);
  CHECK(coordination.at("dayPlans").at("weekday").size() == 6);

  const auto pedestrians = json_of(device, "File/pedestrians");
  CHECK(pedestrians.at("walk") == 12);            // its own
  CHECK(pedestrians.at("leadingInterval") == 4);  // the district's
  CHECK(pedestrians.at("walkingSpeed") == 3.0);   // its own
  CHECK(*spec_of(device, "File/motd").find("content")->string() != "");
}

TEST_CASE("sample city: a device on Fulton Street is in the corridor by the polygon on the map") {
  const auto device = rendered(sample_city(), "sf-0319");
  CHECK(std::ranges::count(device.layers, "corridors/fulton") == 1);
  CHECK(json_of(device, "File/coordination").at("corridor") == "fulton");
  CHECK(std::get<std::int64_t>(spec_of(device, "File/spat").at({"yaml", "intersection", "id"})->value) ==
        1319);
}

TEST_CASE("sample city: an intersection without a corridor runs free") {
  const auto device = rendered(sample_city(), "sf-0001");
  CHECK(std::ranges::count(device.layers, "corridors/none") == 1);
  CHECK(json_of(device, "File/coordination").at("patterns").empty());
}
