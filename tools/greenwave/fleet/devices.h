#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "context/style.h"
#include "hub/hub_client.h"

namespace greenwave::fleet {

/// Which devices are meant: all that match every part.
struct Filter {
  std::vector<std::string> states;
  std::vector<std::string> labels;  ///< KEY=VALUE
  std::string wave;
  std::string commit;
  std::string reason;
  std::string text;
  std::string box;             ///< WEST,SOUTH,EAST,NORTH
  std::filesystem::path area;  ///< GeoJSON with polygons
  bool unlisted = false;       ///< only those that the inventory does not list
};

/// As the query of /v1/devices, without its area. Pure. Throws Error (invalid).
std::string query_of(const Filter& filter);
/// The polygons of a GeoJSON geometry, Feature or FeatureCollection as one MultiPolygon. Pure. Throws Error
/// (invalid).
nlohmann::json area_of(std::string_view geojson, const std::string& name);

/// All devices that match, of all pages: {"total", "counts", "devices": […]}. Throws Error.
nlohmann::json list(cli::HubClient& hub, const Filter& filter);
/// The devices of the inventory that do not run what their wave's ref is at, in the same form, each with that
/// commit as "wanted". Throws Error.
nlohmann::json list_behind(cli::HubClient& hub);

/// A line for each, and below it why it is not in sync. Fits 80 characters.
std::string devices_text(const nlohmann::json& devices, Time now, const cli::Style& style);
/// Everything known about one.
std::string device_text(const nlohmann::json& device, Time now, const cli::Style& style);

}  // namespace greenwave::fleet
