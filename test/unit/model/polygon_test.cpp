#include "model/polygon.h"

#include <catch2/catch.hpp>

#include "yaml/load.h"

using namespace greenwave;

namespace {

Region region(const std::string& geojson) {
  Problems problems;
  const auto node = yaml::load(geojson, "area.geojson", problems);
  REQUIRE(node);
  auto read = read_region(*node, problems);
  REQUIRE(problems.empty());
  return read;
}

std::string problem(const std::string& geojson) {
  Problems problems;
  const auto node = yaml::load(geojson, "area.geojson", problems);
  REQUIRE(node);
  read_region(*node, problems);
  REQUIRE(problems.size() == 1);
  return to_string(problems.list()[0]);
}

constexpr const char* ring_with_hole =
    R"({"type": "Polygon", "coordinates": [[[0,0],[10,0],[10,10],[0,10],[0,0]], [[4,4],[6,4],[6,6],[4,6],[4,4]]]})";

}  // namespace

TEST_CASE("polygon: a position is inside by the even-odd rule, and a hole is outside") {
  const auto area = region(ring_with_hole);
  CHECK(contains(area, {1, 1}));
  CHECK(contains(area, {9, 5}));
  CHECK_FALSE(contains(area, {5, 5}));
  CHECK_FALSE(contains(area, {11, 5}));
  CHECK_FALSE(contains(area, {5, -1}));
}

TEST_CASE("polygon: a ray through a corner counts it once") {
  const auto diamond = region(R"({"type": "Polygon", "coordinates": [[[0,-5],[5,0],[0,5],[-5,0],[0,-5]]]})");
  CHECK(contains(diamond, {0, 0}));
  CHECK_FALSE(contains(diamond, {-6, 0}));
  CHECK_FALSE(contains(diamond, {6, 0}));
}

TEST_CASE("polygon: a position on a shared line is in exactly one of the two regions") {
  const auto west = region(R"({"type": "Polygon", "coordinates": [[[0,0],[5,0],[5,9],[0,9],[0,0]]]})");
  const auto east = region(R"({"type": "Polygon", "coordinates": [[[5,0],[9,0],[9,9],[5,9],[5,0]]]})");
  CHECK(contains(west, {5, 4}) != contains(east, {5, 4}));
}

TEST_CASE("polygon: MultiPolygons, Features and collections are read; overlaps stay inside") {
  const auto area = region(R"({"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates": [
      [[[0,0],[2,0],[2,2],[0,2],[0,0]]], [[[1,1],[3,1],[3,3],[1,3],[1,1]]]]}},
    {"type": "Feature", "geometry": {"type": "GeometryCollection", "geometries": [
      {"type": "Polygon", "coordinates": [[[8,8,12.5],[9,8,12.5],[9,9,12.5],[8,8,12.5]]]}]}}]})");
  CHECK(contains(area, {1.5, 1.5}));
  CHECK(contains(area, {2.5, 2.5}));
  CHECK(contains(area, {8.9, 8.5}));
  CHECK_FALSE(contains(area, {5, 5}));
}

TEST_CASE("polygon: an unclosed ring is refused with its place and the remedy") {
  CHECK(problem(R"({"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,1]]]})") ==
        "area.geojson:1:37: error: this ring is not closed; repeat its first position at the end");
}

TEST_CASE("polygon: a geometry without an area, or not on Earth, is refused") {
  CHECK(problem(R"({"type": "Point", "coordinates": [0,0]})") ==
        "area.geojson:1:10: error: a Point has no area; draw a Polygon or a MultiPolygon");
  CHECK(problem(R"({"type": "Polygon", "coordinates": [[[0,0],[0,1],[0,0]]]})").find("three corners") !=
        std::string::npos);
  CHECK(problem(R"({"type": "Polygon", "coordinates": [[[37.7,-122.4],[0,1],[1,1],[37.7,-122.4]]]})") ==
        "area.geojson:1:38: error: [37.7, -122.4] is not a position on Earth; write the longitude first, in "
        "degrees");
  CHECK(problem(R"({"type": "Polygon", "coordinates": [[[0,.nan],[0,1],[1,1],[0,.nan]]]})")
            .find("not a position on Earth") != std::string::npos);
  CHECK(problem(R"({"type": "Polygon", "coordinates": [[["0",0],[0,1],[1,1],["0",0]]]})").find("numbers") !=
        std::string::npos);
  CHECK(problem(R"({"type": "FeatureCollection", "features": []})").find("no polygon") != std::string::npos);
  CHECK(problem(R"({"type": "Feature", "geometry": null})").find("no geometry") != std::string::npos);
  CHECK(problem(R"({"coordinates": []})").find("type is missing") != std::string::npos);
}
