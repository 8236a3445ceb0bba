#pragma once

#include <string>
#include <string_view>

namespace greenwave::cli {

/// Makes an inventory (devices.geojson) from a GeoJSON FeatureCollection of points, or from a CSV (RFC 4180)
/// whose first line names the columns. `name` is the city's name: devices without an id are called NAME-0001
/// and so on.
///
/// Columns: id; longitude (lon, lng, x) and latitude (lat, y); name; the usual labels (district, corridor,
/// model, role) and every column "label.KEY" become labels; all others properties, numbers as numbers.
///
/// Throws Error (invalid) with the line of the problem.
std::string inventory_from_csv(std::string_view csv, const std::string& file, const std::string& name);
std::string inventory_from_geojson(std::string_view geojson, const std::string& file,
                                   const std::string& name);

/// One sample device, at a position for the user to change.
std::string sample_inventory(const std::string& name, double longitude, double latitude);

}  // namespace greenwave::cli
