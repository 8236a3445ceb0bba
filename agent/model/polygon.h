#pragma once

#include <vector>

#include "model/device.h"
#include "yaml/node.h"

namespace greenwave {

/// An area of the map: the union of polygons, which may have holes (GeoJSON, RFC 7946).
struct Region {
  using Ring = std::vector<Position>;  ///< closed: the last position is the first
  using Polygon = std::vector<Ring>;   ///< the outline, then its holes

  std::vector<Polygon> polygons;
};

/// By the even-odd rule: a hole is outside. A position on the line between two regions that share it is
/// inside exactly one of them.
bool contains(const Region& region, const Position& position);

/// Reads a Polygon or MultiPolygon, alone or in a Feature, FeatureCollection or GeometryCollection.
Region read_region(const yaml::Node& geojson, Problems& problems);

/// Reads a GeoJSON position: [longitude, latitude], with an optional altitude, which is ignored. Returns
/// whether it is valid.
bool read_position(const yaml::Node& node, Position& position, Problems& problems);

}  // namespace greenwave
