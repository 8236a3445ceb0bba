#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "fleet/devices.h"
#include "fleet/inventory_edit.h"
#include "fleet/overview.h"
#include "http/credentials.h"
#include "hub/hub_client.h"
#include "hub/place.h"

using namespace greenwave;
using namespace greenwave::fleet;
using Catch::Contains;
using nlohmann::json;

namespace {

const std::string key_a = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const std::string key_b = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";
const Time now = from_iso("2026-11-24T12:00:00Z");

std::string edited(const std::string& text, const std::map<std::string, std::string>& recipients,
                   bool replaces = false) {
  return put_recipients(text, "devices.geojson", recipients, replaces).text;
}

/// A text of one Feature with the id a, as it is written in the parentheses.
std::string feature(const std::string& members) {
  return R"({"features": [{"id": "a")" + members + "}]}";
}

}  // namespace

TEST_CASE("fleet recipients: a recipient is written as the members before it are") {
  const std::map<std::string, std::string> one{{"a", key_a}};
  const auto quoted = "\"" + key_a + "\"";
  CHECK(edited(feature(R"(, "properties": {"x": 1, "y": 2})"), one) ==
        feature(R"(, "properties": {"x": 1, "y": 2, "recipient": )" + quoted + "}"));
  CHECK(edited(feature(R"(,"properties":{"x":1})"), one) ==
        feature(R"(,"properties":{"x":1,"recipient":)" + quoted + "}"));
  CHECK(edited(feature(",\n \"properties\": {\n  \"x\": [1, 2]\n }\n"), one) ==
        feature(",\n \"properties\": {\n  \"x\": [1, 2],\n  \"recipient\": " + quoted + "\n }\n"));
  CHECK(edited(feature(R"(, "properties": { })"), one) ==
        feature(R"(, "properties": {"recipient": )" + quoted + "}"));
  CHECK(edited(feature(R"(, "properties": null)"), one) ==
        feature(R"(, "properties": {"recipient": )" + quoted + "}"));
  CHECK(edited(feature(""), one) == feature(R"(, "properties": {"recipient": )" + quoted + "}"));
  CHECK(edited(feature(R"(, "properties": {"recipient": null})"), one) ==
        feature(R"(, "properties": {"recipient": )" + quoted + "}"));
}

TEST_CASE(
    "fleet recipients: what has the recipient stays, and another one stays unless it is to be replaced") {
  const std::map<std::string, std::string> one{{"a", key_a}, {"b", key_b}};
  for (const auto& value : {"\"" + key_a + "\"", "[\"" + key_b + "\", \"" + key_a + "\"]"}) {
    const auto text = feature(R"(, "properties": {"recipient": )" + value + "}");
    CHECK(edited(text, one, true) == text);
  }
  const auto text = feature(R"(, "properties": {"recipient": ")" + key_b + "\"}");
  const auto kept = put_recipients(text, "f", one, false);
  CHECK(kept.text == text);
  CHECK(kept.differing == std::vector<std::string>{"a"});
  CHECK(kept.unlisted == std::vector<std::string>{"b"});
  const auto replaced = put_recipients(text, "f", one, true);
  CHECK(replaced.text == feature(R"(, "properties": {"recipient": ")" + key_a + "\"}"));
  CHECK(replaced.replaced == std::vector<std::string>{"a"});
}

TEST_CASE("fleet recipients: what is no FeatureCollection is refused") {
  for (const auto* text : {"", "{", "[]", "{}", R"({"features": {}})", R"({"features": [}])", "nul"}) {
    CHECK_THROWS_AS(edited(text, {{"a", key_a}}), Error);
  }
  for (const auto* text : {R"({"features": [1, null, [], {}, {"id": 1}, {"id": null}, "x"]})",
                           "\xEF\xBB\xBF{\"features\": []}"}) {
    CHECK(edited(text, {{"a", key_a}}) == text);
  }
}

namespace {

/// Values with whatever makes finding their ends hard.
json random_value(std::mt19937& random, int depth = 0) {
  static const std::vector<std::string> texts{"}", "]", "\"", "\\", "\\\"", "{\"", "a,b: c", "\n", "é", ""};
  switch (random() % (depth < 3 ? 7 : 5)) {
    case 0:
      return texts[random() % texts.size()];
    case 1:
      return static_cast<int>(random() % 1000) - 500;
    case 2:
      return random() % 2 == 0;
    case 3:
      return nullptr;
    case 4:
      return -1.5e-3;
    case 5: {
      auto list = json::array();
      for (auto i = random() % 4; i > 0; --i) list.push_back(random_value(random, depth + 1));
      return list;
    }
    default: {
      auto map = json::object();
      for (auto i = random() % 4; i > 0; --i)
        map[texts[random() % texts.size()]] = random_value(random, depth + 1);
      return map;
    }
  }
}

json random_inventory(std::mt19937& random, std::size_t devices) {
  auto features = json::array();
  for (std::size_t i = 0; i < devices; ++i) {
    json one{{"id", "d" + std::to_string(i)}, {"geometry", random_value(random)}};
    if (random() % 5 != 0) one["properties"] = json::object();
    for (auto n = random() % 4; n > 0 && one.contains("properties"); --n) {
      one["properties"]["p" + std::to_string(random() % 9)] = random_value(random);
    }
    features.push_back(one);
  }
  return {{"features", features}, {"type", "FeatureCollection"}, {"zz", random_value(random)}};
}

/// Whether `longer` is `text` with one run of bytes put in between.
bool is_one_insertion(const std::string& text, const std::string& longer) {
  const auto begin = std::ranges::mismatch(text, longer).in1 - text.begin();
  const auto end =
      std::mismatch(text.rbegin(), text.rend(), longer.rbegin(), longer.rend()).first - text.rbegin();
  return static_cast<std::size_t>(begin + end) >= text.size();
}

}  // namespace

TEST_CASE("fleet recipients: random inventories change as parsed ones do, and by one insertion a device") {
  std::mt19937 random(20);
  for (int round = 0; round < 1000; ++round) {
    const auto devices = 1 + random() % 5;
    auto model = random_inventory(random, devices);
    auto text =
        model.dump(static_cast<int>(random() % 4) - 1, random() % 2 == 0 ? ' ' : '\t', random() % 2 == 0);
    for (std::size_t i = 0; i < devices; ++i) {
      const auto id = "d" + std::to_string(i);
      const bool is_empty = model["features"][i].value("properties", json(nullptr)) == json::object();
      model["features"][i]["properties"]["recipient"] = key_a;
      const auto changed = edited(text, {{id, key_a}});
      INFO(text << "\n" << changed);
      REQUIRE(json::parse(changed) == model);
      if (!is_empty) REQUIRE(is_one_insertion(text, changed));
      REQUIRE(edited(changed, {{id, key_a}}) == changed);
      text = changed;
    }
  }
}

TEST_CASE("fleet devices: a filter becomes the query of the API, and its texts stay texts") {
  Filter filter;
  filter.states = {"failed", "reverted"};
  filter.labels = {"model=atc=1", "a b=&"};
  filter.text = "19th & Castro/é";
  CHECK(query_of(filter) ==
        "state=failed&state=reverted&label=model%3Aatc%3D1&label=a%20b%3A%26&q=19th%20%26%20Castro%2F%C3%A9");
  for (const auto* label : {"model", "=x", ""}) {
    filter.labels = {label};
    CHECK_THROWS_WITH(query_of(filter), Contains("KEY=VALUE"));
  }
  CHECK(cli::path_part("devices/a b?#%") == "devices/a%20b%3F%23%25");
}

TEST_CASE("fleet devices: the polygons of any GeoJSON are one area") {
  const json ring = {{{0, 0}, {1, 0}, {1, 1}, {0, 0}}};
  const json polygon{{"type", "Polygon"}, {"coordinates", ring}};
  const json both{
      {"type", "FeatureCollection"},
      {"features",
       {{{"type", "Feature"}, {"geometry", polygon}},
        {{"type", "Feature"}, {"geometry", {{"type", "Point"}, {"coordinates", {1, 2}}}}},
        {{"type", "Feature"}, {"geometry", {{"type", "MultiPolygon"}, {"coordinates", {ring, ring}}}}}}}};
  CHECK(area_of(polygon.dump(), "f")["coordinates"] == json::array({ring}));
  CHECK(area_of(both.dump(), "f")["coordinates"].size() == 3);
  for (const auto* text :
       {"", "[]", "{}", R"({"type": "Point"})", R"({"type": "Feature", "geometry": null})"}) {
    CHECK_THROWS_AS(area_of(text, "f"), Error);
  }
}

TEST_CASE("fleet: whatever a hub answers is shown without a control character, in 80 columns") {
  std::mt19937 random(7);
  const std::vector<std::string> keys{"devices",  "waves",  "reasons", "id",     "state",   "commit",
                                      "wave",     "seen",   "reason",  "counts", "healthy", "inventory",
                                      "detail",   "failed", "history", "syncs",  "labels",  "at",
                                      "problems", "city",   "examples"};
  const std::vector<std::string> texts{
      "\x1b[31m", "a\nb",          "\u202e",  std::string(300, 'x'), "2026-11-24T06:11:50Z",
      "failed",   "not-reporting", "\xff\xfe"};
  std::function<json(int)> value = [&](int depth) -> json {
    switch (random() % (depth < 4 ? 6 : 3)) {
      case 0:
        return texts[random() % texts.size()];
      case 1:
        return random();
      case 2:
        return random() % 2 == 0 ? json(nullptr) : json(-1.5);
      case 3: {
        auto list = json::array();
        for (auto i = random() % 4; i > 0; --i) list.push_back(value(depth + 1));
        return list;
      }
      default: {
        auto map = json::object();
        for (auto i = random() % 9; i > 0; --i) map[keys[random() % keys.size()]] = value(depth + 1);
        return map;
      }
    }
  };
  const cli::Style style;
  for (int round = 0; round < 3000; ++round) {
    const auto answer = value(0);
    if (!answer.is_object()) continue;
    for (const auto& text :
         {devices_text(answer, now, style), device_text(answer, now, style), status_text(answer, now, style),
          rollout_text(answer, now, style), cities_text(answer, style)}) {
      REQUIRE(printable_lines(text) == text);
    }
    needs_attention(answer);
    has_failures(answer);
    needs_attention_in_cities(answer);
  }
}

TEST_CASE("fleet devices: a row fits 80 columns, and a long name is cut") {
  const json row{{"id", std::string(100, 'd')},
                 {"state", "not-reporting"},
                 {"commit", std::string(40, 'c')},
                 {"wave", "ééééééééééééééééééé"},
                 {"seen", "2026-11-20T00:17:00Z"}};
  const auto text = devices_text({{"devices", {row}}}, now, {});
  for (const auto line : split(text, '\n')) {
    CHECK(std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }) <= 80);
  }
  CHECK_THAT(text, Contains("dddd…") && Contains("ééééééééé…") && Contains("not-reporting"));
}

TEST_CASE("fleet cities: a row fits 80 columns, and below it is why a city is away") {
  const json city{{"city", std::string(60, 'c')},
                  {"state", "unknown"},
                  {"age", 86'399},
                  {"error", "Couldn't connect"},
                  {"figures",
                   {{"total", 1'000'000},
                    {"counts", {{"in-sync", 900'000}, {"failed", 99'999}, {"not-reporting", 99'999}}},
                    {"commit", {{"oid", std::string(40, 'a')}}}}}};
  const auto text = cities_text({{"cities", {city}}}, {});
  for (const auto line : split(text, '\n')) {
    CHECK(std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }) <= 80);
  }
  CHECK_THAT(text, Contains("Couldn't connect") && Contains("23h 59m") && Contains("900000"));
  CHECK(needs_attention_in_cities({{"cities", {city}}}));
}

TEST_CASE("fleet rollout: each part of a wave that has a device is in its bar") {
  const json wave{{"wave", "canary"}, {"ref", "refs/heads/canary"},
                  {"commit", "abc"},  {"devices", 1000},
                  {"has", 990},       {"healthy", 988},
                  {"failed", 1},      {"silent", 2}};
  const auto text = rollout_text({{"waves", {wave}}}, now, {});
  CHECK_THAT(text, Contains("[!" + std::string(38, '#') + "?] 988 of 1000 healthy"));
  CHECK(has_failures({{"waves", {wave}}}));
}

TEST_CASE("hub: only what nobody can read on the way is private") {
  for (const auto* url : {"https://hub.example", "http://localhost", "http://localhost:8080/a",
                          "http://127.0.0.1/x", "http://[::1]:80"}) {
    CHECK(http::is_private(url));
  }
  for (const auto* url : {"http://hub.example", "http://localhost.example", "http://127.0.0.1.example",
                          "http://127.0.0.10", "ftp://localhost", "", "localhost"}) {
    CHECK_FALSE(http::is_private(url));
  }
}
