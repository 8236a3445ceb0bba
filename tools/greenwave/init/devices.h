#pragma once

#include <string>
#include <string_view>

namespace greenwave::cli {

/// An inventory (devices.geojson) made from what a city has: a GeoJSON FeatureCollection of points, or a CSV
/// (RFC 4180) whose first line names the columns. `name` is of the city: devices without an id of their own
/// are called NAME-0001 and so on.
///
/// Columns: id; longitude (lon, lng, x) and latitude (lat, y); name; the usual labels (district, corridor,
/// model, role) and every column "label.KEY" become labels; all others properties, numbers as numbers.
///
/// Throws Error (invalid) with the line of what is wrong.
std::string inventory_from_csv(std::string_view csv, const std::string& file, const std::string& name);
std::string inventory_from_geojson(std::string_view geojson, const std::string& file,
                                   const std::string& name);

/// One device to begin with, at a place of the map that has to be moved.
std::string sample_inventory(const std::string& name, double longitude, double latitude);

}  // namespace greenwave::cli
