#include "changes/objects.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "changes/changes.h"
#include "model/paths.h"
#include "render/fleet.h"

namespace greenwave::hub {

namespace {

std::string_view patch_of(const yaml::Node& document) {
  const auto* patch = document.find("$patch");
  const auto* word = patch == nullptr ? nullptr : patch->string();
  return word == nullptr ? std::string_view() : *word;
}

DeclaredObject declared(const render::Fleet& fleet, const render::Variant& variant, bool refused) {
  DeclaredObject object{.object = to_string(fleet.id(variant)), .places = {}, .refused = refused};
  for (const auto& [layer, declaration] : fleet.declarations_of(variant)) {
    const auto& document = declaration->document;
    const auto patch = patch_of(document);
    if (patch == "delete" || patch == "replace") object.places.clear();  // nothing is left of those before it
    if (patch == "delete" || !document.place.file || object.places.size() == most_places) continue;
    object.places.push_back(to_string(document.place));
  }
  return object;
}

}  // namespace

DeviceObjects objects_of(const SourceTree& tree, const Labels& labels, const std::string& device) {
  const render::Fleet fleet(tree, labels);
  const auto number = fleet.device(device);
  if (!number) throw not_listed();
  DeviceObjects found{.total = 0, .objects = {}, .complete = fleet.complete(*number)};
  for (const auto index : fleet.objects_of(*number)) {
    const auto& variant = fleet.variants()[index];
    const auto object = fleet.render(variant);
    const bool refused = object.problems.has_errors();
    if (!object.manifest && !refused) continue;  // a layer deletes it
    ++found.total;
    if (found.objects.size() < most_objects) found.objects.push_back(declared(fleet, variant, refused));
  }
  return found;
}

std::string objects_json(const std::string& commit, const std::string& directory,
                         const DeviceObjects& objects) {
  auto list = nlohmann::json::array();
  for (const auto& object : objects.objects) {
    auto places = nlohmann::json::array();
    for (const auto& place : object.places) places.push_back(join_path(directory, place));
    list.push_back({{"object", object.object}, {"places", std::move(places)}});
    if (object.refused) list.back()["refused"] = true;
  }
  const nlohmann::json answer{{"state", "done"},
                              {"commit", commit},
                              {"objects", std::move(list)},
                              {"total", objects.total},
                              {"complete", objects.complete}};
  return answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void make_showable(DeviceObjects& objects) {
  objects.objects.resize(std::min(objects.objects.size(), most_objects));
  for (auto& object : objects.objects) {
    object.object = in_one_line(object.object, most_line);
    object.places.resize(std::min(object.places.size(), most_places));
    for (auto& place : object.places) place = in_one_line(place, most_line);
  }
}

}  // namespace greenwave::hub
