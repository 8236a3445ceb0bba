#include "origin/origin.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "yaml/emit.h"

namespace greenwave::cli {

namespace {

std::string layer_of(std::string_view file, const std::vector<std::string>& layers) {
  std::string_view best;
  bool found = false;
  for (const auto& layer : layers) {
    const bool holds =
        layer.empty() || (file.starts_with(layer) && file.substr(layer.size()).starts_with('/'));
    if (holds && layer.size() >= best.size()) best = layer;
    found = found || holds;
  }
  if (!found) return {};
  return best.empty() ? "(root)" : std::string(best);
}

void add_origins(const yaml::Node& node, const std::string& pointer, nlohmann::ordered_json& origins) {
  if (const auto* members = node.map(); members != nullptr && !members->empty()) {
    for (const auto& member : *members) {
      std::string key;
      for (const char c : member.key) key += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      add_origins(member.value, pointer + "/" + key, origins);
    }
  } else if (const auto* items = node.sequence(); items != nullptr && !items->empty()) {
    for (std::size_t i = 0; i < items->size(); ++i) {
      add_origins((*items)[i], fmt::format("{}/{}", pointer, i), origins);
    }
  } else {
    origins[pointer] = to_string(node.place);
  }
}

}  // namespace

std::string explained(const yaml::Node& document, const std::vector<std::string>& layers) {
  return yaml::emit(document, [&layers](const yaml::Node& leaf) -> std::string {
    const auto& place = leaf.place;
    if (!place.file || place.line == 0) return {};
    const auto layer = layer_of(*place.file, layers);
    return fmt::format("{}{}:{}", layer.empty() ? "" : printable(layer) + "  ", printable(*place.file),
                       place.line);
  });
}

nlohmann::ordered_json origins_of(const yaml::Node& document) {
  auto origins = nlohmann::ordered_json::object();
  add_origins(document, "", origins);
  return origins;
}

}  // namespace greenwave::cli
