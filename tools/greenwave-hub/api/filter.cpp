#include "api/filter.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/condition.h"

namespace greenwave::hub {

namespace {

constexpr std::array<std::string_view, 9> filters{"state",  "label", "wave", "commit", "reason",
                                                  "listed", "q",     "bbox", "within"};

[[noreturn]] void refuse(std::string_view parameter, std::string_view expected) {
  throw Error(Fault::invalid, fmt::format("{} is not {}", parameter, expected), "see /openapi.json");
}

/// What LIKE takes literally.
std::string literal(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

/// Outside text for a statement's value: PostgreSQL takes no NUL and no damaged UTF-8.
std::string one_line(std::string_view parameter, const std::string& value) {
  constexpr std::size_t most = 500;
  if (value.size() > most || printable(value) != value) refuse(parameter, "a line of text");
  return value;
}

void add_states(Conditions& conditions, const HttpRequest& request) {
  ArrayText wanted;
  bool any = false;
  const auto [first, last] = request.query.equal_range("state");
  for (auto at = first; at != last; ++at) {
    if (!report::condition_from(at->second)) {
      refuse("state", fmt::format("one of {}", fmt::join(report::condition_words(), ", ")));
    }
    wanted.add(at->second);
    any = true;
  }
  if (any) conditions.add("condition = ANY({}::text[])", wanted.take());
}

void add_labels(Conditions& conditions, const HttpRequest& request) {
  const auto [first, last] = request.query.equal_range("label");
  for (auto at = first; at != last; ++at) {
    const auto colon = at->second.find(':');
    if (colon == std::string::npos || colon == 0) refuse("label", "KEY:VALUE");
    const auto text = one_line("label", at->second);
    conditions.add("labels @> {}::jsonb",
                   nlohmann::json{{text.substr(0, colon), text.substr(colon + 1)}}.dump());
  }
}

void add_box(Conditions& conditions, const std::string& text) {
  std::array<double, 4> corners{};
  const auto parts = split(text, ',');
  if (parts.size() != corners.size()) refuse("bbox", "WEST,SOUTH,EAST,NORTH");
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const auto part = parts[i];
    const auto read = std::from_chars(part.data(), part.data() + part.size(), corners.at(i));
    const bool whole = read.ec == std::errc() && read.ptr == part.data() + part.size();
    if (!whole || !(corners.at(i) >= -180 && corners.at(i) <= 180)) refuse("bbox", "four numbers of degrees");
  }
  const auto [west, south, east, north] = corners;
  conditions.add("position && ST_GeomFromText({}, 4326)",
                 fmt::format("POLYGON(({0} {1},{2} {1},{2} {3},{0} {3},{0} {1}))", west, south, east, north));
}

void add_polygon(Conditions& conditions, const std::string& text) {
  constexpr std::size_t most = 256 * 1024;
  const auto json = text.size() > most ? nlohmann::json() : nlohmann::json::parse(text, nullptr, false);
  const bool is_area = json.is_object() && json.contains("type") && json.contains("coordinates") &&
                       (json["type"] == "Polygon" || json["type"] == "MultiPolygon");
  if (!is_area) refuse("within", "a GeoJSON Polygon or MultiPolygon");
  conditions.add("ST_Intersects(position, ST_SetSRID(ST_GeomFromGeoJSON({}), 4326))",
                 nlohmann::json{{"type", json["type"]}, {"coordinates", json["coordinates"]}}.dump());
}

}  // namespace

void expect_parameters(const HttpRequest& request, std::initializer_list<std::string_view> more) {
  for (const auto& [name, value] : request.query) {
    const bool known =
        std::ranges::find(filters, name) != filters.end() || std::ranges::find(more, name) != more.end();
    if (!known)
      throw Error(Fault::invalid, fmt::format("there is no parameter {}", in_one_line(name, 60)),
                  "see /openapi.json");
  }
}

void add_filter(Conditions& conditions, const HttpRequest& request) {
  add_states(conditions, request);
  add_labels(conditions, request);
  const auto given = [&](const char* name) -> std::optional<std::string> {
    const auto found = request.query.find(name);
    if (found == request.query.end()) return {};
    return found->second;
  };
  if (const auto wave = given("wave")) conditions.add("wave = {}", one_line("wave", *wave));
  if (const auto commit = given("commit")) {
    const bool is_hex =
        !commit->empty() && commit->find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_hex) refuse("commit", "the beginning of a commit's id");
    conditions.add("commit LIKE {}", one_line("commit", *commit) + "%");
  }
  if (const auto reason = given("reason")) conditions.add("reason = {}", one_line("reason", *reason));
  if (const auto listed = given("listed")) {
    if (*listed != "true" && *listed != "false") refuse("listed", "true or false");
    conditions.add("listed = {}::boolean", *listed);
  }
  if (const auto text = given("q")) {
    conditions.add("(device ILIKE {} OR name ILIKE {})", "%" + literal(one_line("q", *text)) + "%");
  }
  if (const auto box = given("bbox")) add_box(conditions, *box);
  if (const auto polygon = given("within")) add_polygon(conditions, *polygon);
}

}  // namespace greenwave::hub
