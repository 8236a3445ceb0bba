#include "fleet/devices.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "fleet/reading.h"
#include "fleet/table.h"

namespace greenwave::fleet {

namespace {

constexpr std::size_t page_size = 5000;
constexpr std::size_t most_devices = 1'000'000;
constexpr std::size_t most_area_bytes = 16 << 20;

Error no_area(const std::string& name, std::string_view why) {
  return {Fault::invalid, fmt::format("{}: {}", printable(name), why),
          "draw a polygon, on geojson.io for example, and save it as GeoJSON"};
}

/// Adds the polygons of what GeoJSON calls an object to `polygons`.
void collect_polygons(const nlohmann::json& json, nlohmann::json& polygons) {
  const auto type = raw_text_in(json, "type");
  if (type == "FeatureCollection") {
    for (const auto& feature : list_in(json, "features")) {
      if (raw_text_in(feature, "type") == "Feature") collect_polygons(feature, polygons);
    }
  } else if (type == "Feature") {
    const auto& geometry = map_in(json, "geometry");
    if (raw_text_in(geometry, "type").ends_with("Polygon")) collect_polygons(geometry, polygons);
  } else if (type == "Polygon") {
    polygons.push_back(list_in(json, "coordinates"));
  } else if (type == "MultiPolygon") {
    for (const auto& polygon : list_in(json, "coordinates")) polygons.push_back(polygon);
  }
}

void add(std::string& query, const char* key, const std::string& value) {
  if (value.empty()) return;
  query += fmt::format("{}{}={}", query.empty() ? "" : "&", key, cli::query_part(value));
}

/// Gathers the pages of /v1/devices.
class Pages {
 public:
  Pages(cli::HubClient& hub, std::string query, nlohmann::json area = {})
      : hub_(hub), query_(std::move(query)), area_(std::move(area)) {}

  nlohmann::json all() {
    auto result = page("");
    auto next = raw_text_in(result, "next");
    auto devices = list_in(result, "devices");
    while (!next.empty()) {
      const auto more = page(next);
      for (const auto& device : list_in(more, "devices")) devices.push_back(device);
      auto after = raw_text_in(more, "next");
      if (after == next || devices.size() > most_devices) {
        throw Error(Fault::invalid, "the hub's list of devices does not end", "look at the hub's log");
      }
      next = std::move(after);
    }
    result["devices"] = std::move(devices);
    result.erase("next");
    return result;
  }

 private:
  nlohmann::json page(const std::string& after) {
    auto query = query_;
    add(query, "limit", std::to_string(page_size));
    add(query, "counts", after.empty() ? "true" : "false");
    add(query, "after", after);
    const auto path = "/v1/devices?" + query;
    return area_.is_null() ? hub_.get(path) : hub_.post(path, area_);
  }

  cli::HubClient& hub_;
  std::string query_;
  nlohmann::json area_;
};

/// Why it is as it is, where that needs a reason.
std::string reason_of(const nlohmann::json& device) {
  const auto state = raw_text_in(device, "state");
  return state == "in-sync" || state == "not-reporting" ? "" : text_in(device, "reason");
}

std::string below(const nlohmann::json& device) {
  auto reason = reason_of(device);
  if (!device.contains("wanted")) return reason;
  return fmt::format("its wave is at {}{}{}", commit_in(device, "wanted"), reason.empty() ? "" : "; ",
                     reason);
}

}  // namespace

std::string query_of(const Filter& filter) {
  std::string query;
  for (const auto& state : filter.states) add(query, "state", state);
  for (const auto& label : filter.labels) {
    const auto equals = label.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Fault::invalid, fmt::format("--label {} is not KEY=VALUE", printable(label)),
                  "write it as --label model=atc-5201");
    }
    add(query, "label", label.substr(0, equals) + ":" + label.substr(equals + 1));
  }
  add(query, "wave", filter.wave);
  add(query, "commit", filter.commit);
  add(query, "reason", filter.reason);
  add(query, "q", filter.text);
  add(query, "bbox", filter.box);
  if (filter.unlisted) add(query, "listed", "false");
  return query;
}

nlohmann::json area_of(std::string_view geojson, const std::string& name) {
  const auto json = nlohmann::json::parse(geojson, nullptr, false);
  if (!json.is_object()) throw no_area(name, "it is not GeoJSON");
  auto polygons = nlohmann::json::array();
  collect_polygons(json, polygons);
  if (polygons.empty()) throw no_area(name, "there is no Polygon or MultiPolygon in it");
  return {{"type", "MultiPolygon"}, {"coordinates", std::move(polygons)}};
}

nlohmann::json list(cli::HubClient& hub, const Filter& filter) {
  nlohmann::json area;
  if (!filter.area.empty()) area = area_of(read_file(filter.area, most_area_bytes), filter.area.native());
  return Pages(hub, query_of(filter), std::move(area)).all();
}

nlohmann::json list_behind(cli::HubClient& hub) {
  std::map<std::string, std::string> wanted;
  const auto rollout = hub.get("/v1/rollout");
  for (const auto& wave : list_in(rollout, "waves")) {
    wanted[raw_text_in(wave, "wave")] = raw_text_in(wave, "commit");
  }
  const auto all = Pages(hub, "listed=true").all();
  auto devices = nlohmann::json::array();
  std::map<std::string, std::size_t> counts;
  for (auto device : list_in(all, "devices")) {
    const auto commit = wanted.find(raw_text_in(device, "wave"));
    const bool has_ref = commit != wanted.end() && !commit->second.empty();
    if (!has_ref || flag_in(device, "retired") || raw_text_in(device, "commit") == commit->second) continue;
    device["wanted"] = commit->second;
    ++counts[raw_text_in(device, "state")];
    devices.push_back(std::move(device));
  }
  return {{"total", devices.size()}, {"counts", counts}, {"devices", std::move(devices)}};
}

std::string devices_text(const nlohmann::json& devices, Time now, const cli::Style& style) {
  Table table({{"DEVICE", 24}, {"STATE", 13}, {"COMMIT", 12}, {"WAVE", 10}, {"SEEN", 13}});
  for (const auto& device : list_in(devices, "devices")) {
    const auto state = text_in(device, "state");
    table.add({{text_in(device, "id")},
               {state, paint_of_state(state)},
               {commit_in(device, "commit")},
               {text_in(device, "wave")},
               {ago_in(device, "seen", now)}},
              below(device));
  }
  auto text = table.empty() ? std::string() : table.text(style) + "\n";
  auto sum = count_of(list_in(devices, "devices").size(), "device");
  const char* separator = ": ";
  for (const auto& [state, count] : map_in(devices, "counts").items()) {
    if (!count.is_number_unsigned()) continue;
    sum += fmt::format("{}{} {}", std::exchange(separator, ", "), count.get<std::size_t>(), printable(state));
  }
  return text + cli::wrap(sum, 0, style.width) + "\n";
}

}  // namespace greenwave::fleet
