#include "model/polygon.h"

#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave {

namespace {

std::optional<double> number(const yaml::Node& node) {
  if (const auto* real = std::get_if<double>(&node.value)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) return static_cast<double>(*integer);
  return {};
}

/// Whether a ray from `position` to the east crosses the edge. An edge includes its lower end but not its
/// upper one, so that a ray through a corner counts it once.
bool crosses(const Position& position, const Position& from, const Position& to) {
  if ((from.latitude > position.latitude) == (to.latitude > position.latitude)) return false;
  const double along = (position.latitude - from.latitude) / (to.latitude - from.latitude);
  return position.longitude < from.longitude + along * (to.longitude - from.longitude);
}

bool inside(const Region::Polygon& polygon, const Position& position) {
  bool odd = false;
  for (const auto& ring : polygon) {
    for (std::size_t i = 1; i < ring.size(); ++i) {
      if (crosses(position, ring[i - 1], ring[i])) odd = !odd;
    }
  }
  return odd;
}

class GeometryReader {
 public:
  explicit GeometryReader(Problems& problems) : problems_(problems) {}

  void geometry(const yaml::Node& node) {
    const auto* type = node.find("type");
    const auto* word = type != nullptr ? type->string() : nullptr;
    if (word == nullptr) {
      problems_.error(node.place, "this is not GeoJSON: type is missing", "write {\"type\": \"Polygon\", …}");
    } else if (*word == "Polygon") {
      if (const auto* rings = list(node, "coordinates")) polygon(*rings);
    } else if (*word == "MultiPolygon") {
      if (const auto* polygons = list(node, "coordinates")) {
        for (const auto& rings : *polygons->sequence()) polygon(rings);
      }
    } else if (*word == "Feature") {
      const auto* inner = node.find("geometry");
      if (inner == nullptr || !inner->is_map()) {
        problems_.error(node.place, "this Feature has no geometry", "give it a Polygon");
      } else {
        geometry(*inner);
      }
    } else if (*word == "FeatureCollection") {
      each(node, "features");
    } else if (*word == "GeometryCollection") {
      each(node, "geometries");
    } else {
      problems_.error(type->place, fmt::format("a {} has no area", printable(*word)),
                      "draw a Polygon or a MultiPolygon");
    }
  }

  Region take() { return std::move(region_); }

 private:
  const yaml::Node* list(const yaml::Node& node, std::string_view key) {
    const auto* member = node.find(key);
    if (member != nullptr && member->is_sequence()) return member;
    problems_.error(member != nullptr ? member->place : node.place,
                    fmt::format("this GeoJSON has no list of {}", key));
    return nullptr;
  }

  void each(const yaml::Node& node, std::string_view key) {
    const auto* items = list(node, key);
    if (items == nullptr) return;
    for (const auto& item : *items->sequence()) geometry(item);
  }

  void polygon(const yaml::Node& rings) {
    const auto* items = rings.sequence();
    if (items == nullptr || items->empty()) {
      problems_.error(rings.place, "a polygon must be a list of rings");
      return;
    }
    Region::Polygon polygon;
    for (const auto& item : *items) polygon.push_back(ring(item));
    region_.polygons.push_back(std::move(polygon));
  }

  Region::Ring ring(const yaml::Node& positions) {
    Region::Ring ring;
    const auto* items = positions.sequence();
    if (items == nullptr) {
      problems_.error(positions.place,
                      fmt::format("a ring must be a list of positions, not {}", kind_of(positions)));
      return ring;
    }
    for (const auto& item : *items) {
      Position position;
      if (!read_position(item, position, problems_)) return {};
      ring.push_back(position);
    }
    const bool closed = !ring.empty() && ring.front().longitude == ring.back().longitude &&
                        ring.front().latitude == ring.back().latitude;
    if (!closed) {
      problems_.error(positions.place, "this ring is not closed", "repeat its first position at the end");
    } else if (ring.size() < 4) {
      problems_.error(positions.place, "a ring needs at least three corners",
                      "give it four positions, the last one equal to the first");
    }
    return ring;
  }

  Problems& problems_;
  Region region_;
};

}  // namespace

bool contains(const Region& region, const Position& position) {
  for (const auto& polygon : region.polygons) {
    if (inside(polygon, position)) return true;
  }
  return false;
}

Region read_region(const yaml::Node& geojson, Problems& problems) {
  const auto before = problems.size();
  GeometryReader reader(problems);
  reader.geometry(geojson);
  auto region = reader.take();
  if (region.polygons.empty() && problems.size() == before) {
    problems.error(geojson.place, "there is no polygon in this GeoJSON", "draw a Polygon or a MultiPolygon");
  }
  return region;
}

bool read_position(const yaml::Node& node, Position& position, Problems& problems) {
  const auto* parts = node.sequence();
  if (parts == nullptr || parts->size() < 2 || parts->size() > 3) {
    problems.error(node.place, "a position is [longitude, latitude]");
    return false;
  }
  const auto longitude = number((*parts)[0]);
  const auto latitude = number((*parts)[1]);
  if (!longitude || !latitude) {
    problems.error(node.place, "a position is [longitude, latitude], both of them numbers");
    return false;
  }
  // Written so that NaN fails too.
  if (!(*longitude >= -180 && *longitude <= 180 && *latitude >= -90 && *latitude <= 90)) {
    problems.error(node.place, fmt::format("[{}, {}] is not a position on Earth", *longitude, *latitude),
                   "write the longitude first, in degrees");
    return false;
  }
  position = {*longitude, *latitude};
  return true;
}

}  // namespace greenwave
