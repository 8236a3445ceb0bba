#include "render/inventory.h"

#include <catch2/catch.hpp>

#include "render/features.h"
#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;

namespace {

std::string feature(const std::string& id, const std::string& properties = "{}") {
  return R"({"type": "Feature", "id": ")" + id +
         R"(", "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]}, "properties": )" + properties +
         "}";
}

std::string inventory(const std::string& features) {
  return "{\"type\": \"FeatureCollection\", \"attribution\": {\"by\": [1, {}]}, \"features\": [\n" +
         features + "\n]}\n";
}

render::Lookup look_up(const std::string& text, const std::string& id, Problems& found) {
  return render::find_device(text, "devices.geojson", id, found);
}

std::string thrown(const std::string& text) {
  Problems found;
  return error_of([&] { look_up(text, "sf-0001", found); });
}

}  // namespace

TEST_CASE("inventory: a device's Feature has its position, labels and properties") {
  Problems found;
  const auto lookup = look_up(
      inventory(
          feature("sf-0001") + ",\n" +
          R"({"type": "Feature", "properties": {"name": "Fulton & 3rd", "labels": {"model": "atc"}, "lanes": 4},
                    "geometry": {"type": "Point", "coordinates": [-122.5, 37.75, 12]}, "id": "sf-0002"})"),
      "sf-0002", found);
  CHECK(problems(found) == Texts{});
  REQUIRE(lookup.device);
  CHECK(lookup.device->in_inventory);
  CHECK(lookup.device->position.longitude == -122.5);
  CHECK(lookup.device->position.latitude == 37.75);
  CHECK(lookup.device->labels == Labels{{"model", "atc"}});
  CHECK(*lookup.device->properties.find("name")->string() == "Fulton & 3rd");
}

TEST_CASE("inventory: an unknown id is reported with the most similar ones") {
  Problems found;
  const auto lookup = look_up(
      inventory(feature("sf-0001") + "," + feature("sf-0002") + "," + feature("chicago")), "sf-001", found);
  CHECK_FALSE(lookup.device);
  CHECK(lookup.near == Texts{"sf-0001", "sf-0002"});
}

TEST_CASE("inventory: what is wrong with a device's own Feature is reported with line and column") {
  const auto wrong = [](const std::string& features) {
    Problems found;
    look_up(inventory(features), "sf-0001", found);
    return problems(found);
  };
  CHECK(wrong(feature("sf-0001", R"({"labels": {"lanes": 4}})")) ==
        Texts{"devices.geojson:2:135: error: the properties of sf-0001: labels.lanes must be a string, not a "
              "whole number; put it in quotes"});
  CHECK(wrong(feature("sf-0001", R"({"labels": ["a"]})")).size() == 1);
  CHECK(wrong(feature("sf-0001", "[]")).size() == 1);
  CHECK(wrong(R"({"id": "sf-0001", "geometry": null})").front().find("has no position") != std::string::npos);
  CHECK(wrong(R"({"id": "sf-0001", "geometry": {"type": "Point", "coordinates": [37.7, -122.4]}})")
            .front()
            .starts_with("devices.geojson:2:64: error: [37.7, -122.4] is not a position on Earth"));
  CHECK(wrong(feature("sf-0001") + ",\n" + feature("sf-0001")) ==
        Texts{"devices.geojson:3:1: error: duplicate device sf-0001 in the inventory, first on line 2; "
              "remove one of the two Features"});
}

TEST_CASE("inventory: another device's mistakes are not this device's problem") {
  Problems found;
  const auto lookup = look_up(inventory(feature("sf-0002", R"({"labels": {"a": 1}})") + "," +
                                        R"({"type": "Feature"})" + "," + feature("sf-0001")),
                              "sf-0001", found);
  CHECK(lookup.device);
  CHECK(problems(found) == Texts{});
  CHECK(look_up(inventory(R"({"id": "sf-0002", "broken": nil},)" + feature("sf-0001")), "sf-0001", found)
            .device);
}

TEST_CASE("inventory: a device is found whatever the other Features' strings contain") {
  const auto place_of = [](const std::string& text) {
    Problems found;
    const auto lookup = look_up(text, "sf-0001", found);
    CHECK(problems(found) == Texts{});
    return lookup.device ? to_string(lookup.device->properties.place) : "nowhere";
  };
  const std::string nasty = R"({"name": "]}, \"features\": [{ \\", "also": ["sf-0001", {"id": "sf-0001"}]})";
  CHECK(place_of(inventory(feature("é-2", nasty) + ",\n  " + feature("sf-0001"))) == "devices.geojson:3:116");
  CHECK(place_of(inventory(feature("é-2", nasty) + ", " + feature("sf-\\u0030001"))) != "nowhere");
  CHECK(place_of(R"({"a": {"features": [1]}, "features": [)" + feature("sf-0001") +
                 R"(], "more": "{", "type": "FeatureCollection"})") != "nowhere");
}

TEST_CASE("inventory: reading all devices finds every mistake, in the order of the file") {
  Problems found;
  const auto devices = render::read_devices(
      inventory(feature("sf-0001") + ",\n" + feature("sf-0002", R"({"labels": {"a": true}})") + ",\n" +
                R"({"type": "Feature", "id": 7})" + ",\n" + feature("sf-0001")),
      "devices.geojson", found);
  REQUIRE(devices.size() == 2);
  CHECK(devices[1].id == "sf-0002");
  REQUIRE(found.size() == 3);
  CHECK(problems(found)[0].starts_with("devices.geojson:3:131: error: "));
  CHECK(
      problems(found)[1].starts_with("devices.geojson:4:27: error: this Feature has no id that is a string"));
  CHECK(problems(found)[2].starts_with("devices.geojson:5:1: error: duplicate device sf-0001"));
}

TEST_CASE("inventory: broken JSON is refused with line and column") {
  CHECK(thrown("{\"type\": \"FeatureCollection\",\n \"features\": [\n  {\"id\": }\n]}")
            .starts_with("devices.geojson:3:10: syntax error"));
  CHECK(thrown("").starts_with("devices.geojson:1:1: syntax error"));
  CHECK(thrown("{\"type\": \"\xff\"}").starts_with("devices.geojson:1:11: syntax error"));
  CHECK(thrown(inventory(feature("a", R"({"x": 1, "x": 2})")))
            .starts_with("devices.geojson:2:117: duplicate key \"x\""));
  CHECK(thrown(inventory(feature("a", std::string(100, '[')))).find("nested deeper than 32 levels") !=
        std::string::npos);
}

TEST_CASE("inventory: what is not a FeatureCollection is refused") {
  for (const char* text : {"[]", "7", "{}", R"({"type": "FeatureCollection"})", R"({"features": []})",
                           R"({"type": "Feature", "features": []})"}) {
    CHECK(thrown(text).find("not a GeoJSON FeatureCollection") != std::string::npos);
  }
  CHECK(thrown(R"({"features": {}})").find("features must be a list") != std::string::npos);
  CHECK(thrown(R"({"features": [1]})").starts_with("devices.geojson:1:15: a Feature is an object, not"));
  CHECK(thrown(R"({"features": [[]]})").find("a Feature is an object, not a list") != std::string::npos);
}

TEST_CASE("inventory: places count characters, across lines and after numbers that end a line") {
  std::vector<std::string> places;
  const std::string text =
      "{\"type\":\"FeatureCollection\",\"features\":[{\"é\\\"\": \"ü\\\\\", \"n\": [1\n,-2.5e3\n, true], "
      "\"z\": null}]}";
  render::each_feature(text, "f", [&places](yaml::Node node) {
    for (const auto& member : *node.map()) {
      places.push_back(to_string(member.key_place));
      places.push_back(to_string(member.value.place));
      if (!member.value.is_sequence()) continue;
      for (const auto& item : *member.value.sequence()) places.push_back(to_string(item.place));
    }
  });
  CHECK(places ==
        Texts{"f:1:42", "f:1:49", "f:1:56", "f:1:61", "f:1:62", "f:2:2", "f:3:3", "f:3:10", "f:3:15"});
}
