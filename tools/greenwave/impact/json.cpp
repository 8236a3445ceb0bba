#include <nlohmann/json.hpp>

#include "city/approvals.h"
#include "context/context.h"
#include "impact/output.h"

namespace greenwave::cli {

namespace {

using nlohmann::ordered_json;

ordered_json to_json(const city::Effect& effect) {
  return {{"files", effect.files},
          {"restarts", effect.restarts},
          {"pods", effect.pods},
          {"pruned", effect.pruned},
          {"bytes", effect.bytes}};
}

ordered_json names(const city::Impact& impact, const std::vector<std::uint32_t>& devices) {
  auto list = ordered_json::array();
  for (const auto device : devices) list.push_back(impact.devices[device].id);
  return list;
}

}  // namespace

std::string impact_json(const city::Impact& impact) {
  auto table = ordered_json::array();
  for (const auto& [key, value] : table_of(impact)) {
    auto row = to_json(value.second);
    row["wave"] = key.first;
    row[impact.by] = key.second;
    row["devices"] = value.first;
    table.push_back(std::move(row));
  }
  auto groups = ordered_json::array();
  for (const auto& group : impact.groups) {
    auto changes = ordered_json::array();
    for (const auto& change : group.changes) {
      changes.push_back({{"verb", change.verb},
                         {"object", change.object},
                         {"because", change.because},
                         {"disruptive", change.disruptive}});
      if (!change.caution.empty()) changes.back()["caution"] = change.caution;
      if (change.gives_back) changes.back()["givesBack"] = true;
      if (change.uncertain) changes.back()["uncertain"] = true;
    }
    groups.push_back({{"devices", names(impact, group.devices)},
                      {"effect", to_json(group.effect)},
                      {"changes", std::move(changes)},
                      {"refused", group.refused},
                      {"takesBack", group.takes_back},
                      {"problems", group.problems}});
  }
  auto unjudged = ordered_json::array();
  for (const auto& one : impact.unjudged) {
    unjudged.push_back({{"reason", one.reason}, {"devices", names(impact, one.devices)}});
  }
  ordered_json json{{"base", impact.base},
                    {"head", impact.head},
                    {"devices", impact.devices.size() - impact.gone.size()},
                    {"changed", impact.changed()},
                    {"refusing", impact.refusing()},
                    {"takingBack", impact.taking_back()},
                    {"added", names(impact, impact.added)},
                    {"gone", names(impact, impact.gone)},
                    {"retired", names(impact, impact.retired)},
                    {"table", std::move(table)},
                    {"groups", std::move(groups)},
                    {"unjudged", std::move(unjudged)}};
  if (!impact.approvals.empty()) json["approvals"] = cli::to_json(impact.approvals);
  return json_text(json);
}

std::string impact_geojson(const city::Impact& impact) {
  constexpr auto failing = "#b3261e";
  auto features = ordered_json::array();
  const auto add = [&](std::uint32_t number, ordered_json properties, const char* color) {
    const auto& device = impact.devices[number];
    if (!device.in_inventory) return;
    properties["wave"] = device.wave;
    properties[impact.by] = device.district;
    properties["marker-color"] = color;  // simplestyle-spec, which git hosts' maps read
    features.push_back(
        {{"type", "Feature"},
         {"id", device.id},
         {"geometry",
          {{"type", "Point"}, {"coordinates", {device.position.longitude, device.position.latitude}}}},
         {"properties", std::move(properties)}});
  };
  for (const auto& group : impact.groups) {
    bool disrupts = false;
    const bool refuses = !group.problems.empty();
    auto changes = ordered_json::array();
    for (const auto& change : group.changes) {
      disrupts = disrupts || change.disruptive;
      changes.push_back(change.verb + " " + change.object);
    }
    for (const auto number : group.devices) {
      auto properties = to_json(group.effect);
      properties["changes"] = changes;
      if (refuses) properties["problems"] = group.problems;
      add(number, std::move(properties), refuses ? failing : disrupts ? "#d4722a" : "#2f8f4e");
    }
  }
  for (const auto& one : impact.unjudged) {
    for (const auto number : one.devices) add(number, {{"unjudged", one.reason}}, failing);
  }
  return json_text(ordered_json{{"type", "FeatureCollection"}, {"features", std::move(features)}});
}

}  // namespace greenwave::cli
