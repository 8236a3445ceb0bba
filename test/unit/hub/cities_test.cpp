#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cities/roster.h"

using namespace greenwave;
using namespace greenwave::hub;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

constexpr const char* commit = "3f786850e387550fdab836ed7e6dc881de23001b";

json figures() {
  return {{"total", 3},
          {"counts", {{"in-sync", 2}, {"failed", 1}}},
          {"lastReport", "2026-11-27T12:00:00Z"},
          {"bounds", {-122.5, 37.7, -122.3, 37.8}},
          {"waves",
           {{{"wave", "canary"}, {"commit", commit}, {"since", "2026-11-27T11:00:00Z"}, {"devices", 2}},
            {{"wave", ""}, {"commit", std::string(40, 'a')}, {"since", "2026-11-26T11:00:00Z"}}}}};
}

std::string answer(const json& of_city, const std::string& city = "springfield") {
  return json{{"cities", {{{"city", city}, {"figures", of_city}}}}}.dump();
}

std::string complaint(const std::string& text) {
  try {
    read_figures(text, "springfield");
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

json changed(const json::json_pointer& where, const json& value) {
  auto other = figures();
  other[where] = value;
  return other;
}

}  // namespace

TEST_CASE("cities: a hub's answer is read, and its newest commit is the one that came last") {
  const auto read = read_figures(answer(figures()), "springfield");
  CHECK(read.total == 3);
  CHECK(read.counts.at("failed") == 1);
  REQUIRE(read.newest() != nullptr);
  CHECK(read.newest()->commit == commit);
  CHECK(to_json(figures_in(to_json(read))) == to_json(read));
}

TEST_CASE("cities: what is wrong in an answer is named") {
  CHECK_THAT(complaint("<html>"), Contains("not that of a hub"));
  CHECK_THAT(complaint("{}"), Contains("cities is not a list"));
  CHECK_THAT(complaint(answer(figures(), "shelbyville")), Contains("that of shelbyville"));
  using pointer = json::json_pointer;
  for (const auto& [where, value, word] :
       {std::tuple("/total", json(-1), "total"), std::tuple("/total", json(1e300), "total"),
        std::tuple("/total", json(18446744073709551615U), "total"),
        std::tuple("/counts", json("many"), "counts"), std::tuple("/counts/failed", json("1"), "failed"),
        std::tuple("/lastReport", json("yesterday"), "lastReport"),
        std::tuple("/bounds", json({0, 0, 0, 91}), "bounds"), std::tuple("/bounds", json({1}), "bounds"),
        std::tuple("/waves", json({1}), "waves"), std::tuple("/waves", json("w"), "waves"),
        std::tuple("/waves/0/commit", json("../../x"), "commit"),
        std::tuple("/waves/0/devices", json(1.5), "devices")}) {
    INFO(where);
    CHECK_THAT(complaint(answer(changed(pointer(where), value))), Contains(word));
  }
}

TEST_CASE("cities: words of a hub that a terminal or a page would take for more are made plain") {
  const auto read =
      read_figures(answer(changed(json::json_pointer("/waves/0/subject"), "a\n\x1b[31mb")), "springfield");
  CHECK(read.waves[0].subject.find_first_of("\n\x1b") == std::string::npos);
}

TEST_CASE("cities: states that no hub has are not counted") {
  const auto read = read_figures(answer(changed(json::json_pointer("/counts/melting"), 7)), "springfield");
  CHECK_FALSE(read.counts.contains("melting"));
}

TEST_CASE("cities: figures that are kept come back with their time, whatever else the file holds") {
  const auto at = from_iso("2026-11-27T12:00:00Z");
  const std::vector<KnownCity> cities{
      {.city = "springfield", .url = "https://a", .figures = figures_in(figures()), .at = at},
      {.city = "shelbyville", .url = "https://b"}};
  const auto kept = write_kept(cities);
  std::vector<KnownCity> again{{.city = "shelbyville", .url = "https://b"},
                               {.city = "springfield", .url = "https://a"}};
  read_kept(kept, again);
  CHECK_FALSE(again[0].figures);
  REQUIRE(again[1].figures);
  CHECK(again[1].at == at);
  CHECK(to_json(*again[1].figures) == to_json(*cities[0].figures));

  std::mt19937 random(20261127);  // NOLINT(cert-msc51-cpp): the same each time
  for (int round = 0; round < 2000; ++round) {
    auto damaged = kept;
    for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    std::vector<KnownCity> read{{.city = "springfield", .url = "https://a"}};
    read_kept(damaged, read);
    if (read[0].figures) CHECK(write_kept(read).size() > 2);
  }
}

TEST_CASE("cities: a city that is away counts as it last was, and says how old that is") {
  const auto at = from_iso("2026-11-27T12:00:00Z");
  const auto shown = cities_json({{.city = "springfield",
                                   .url = "https://a",
                                   .figures = figures_in(figures()),
                                   .at = at,
                                   .error = "away"},
                                  {.city = "shelbyville", .url = "https://b", .error = "away"}},
                                 at + std::chrono::hours(1));
  CHECK(shown["total"] == 3);
  CHECK(shown["away"] == 2);
  CHECK(shown["cities"][0]["state"] == "away");
  CHECK(shown["cities"][0]["age"] == 3600);
  CHECK(shown["cities"][1]["state"] == "unknown");
  CHECK(shown["cities"][1]["figures"].is_null());
}
