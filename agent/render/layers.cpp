#include "render/layers.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/lead.h"
#include "model/repository_file.h"
#include "secrets/encrypted_file.h"
#include "yaml/load_filled.h"

namespace greenwave::render {

namespace {

/// A polygon drawn along a city's limits has many corners, each of them three values.
constexpr yaml::Limits polygon_limits{.bytes = 8 << 20, .nodes = 1'000'000, .depth = 32};

/// The names in a layer's path. Slashes in a variable (the key of a label) do not separate names.
std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path.substr(at).starts_with("${")) {
      at = std::min(path.find('}', at), path.size() - 1);
    } else if (path[at] == '/') {
      parts.push_back(path.substr(start, at - start));
      start = at + 1;
    }
  }
  parts.push_back(path.substr(start));
  return parts;
}

std::optional<std::string> path_of(const Layer& layer, const Variables& variables, Problems& problems) {
  auto path = variables.replace_in_text(layer.path, layer.place, problems);
  if (!path || *path == layer.path) return path;
  // A variable's value must not lead to another directory than intended.
  const auto parts = split(*path, '/');
  const auto leads_away = [](std::string_view part) { return part.empty() || part == "." || part == ".."; };
  if (is_text(*path) && parts.size() == parts_of(layer.path).size() &&
      std::none_of(parts.begin(), parts.end(), leads_away)) {
    return path;
  }
  problems.error(layer.place, fmt::format("the path of this layer becomes \"{}\"", printable(*path)),
                 "use only variables whose values are the names of directories: not empty, without / or ..");
  return {};
}

bool names_directory(std::string_view pattern, std::string_view directory) {
  const auto wanted = parts_of(pattern);
  const auto parts = split(directory, '/');
  return std::equal(
      wanted.begin(), wanted.end(), parts.begin(), parts.end(),
      [](std::string_view part, std::string_view name) { return part == name || has_variables(part); });
}

}  // namespace

std::optional<Region> read_polygon(const Layer& layer, const SourceTree& tree, Problems& problems) {
  Problems found;
  Region region;
  try {
    const auto lead = follow(tree, layer.within);
    if (!lead.refusal.empty()) throw Error(Fault::invalid, lead.refusal, lead.remedy);
    const auto text = read_file(tree, lead.path, polygon_limits.bytes);
    secrets::require_clear(lead.path, text);
    const auto geojson = yaml::load_filled(
        text, layer.within, {"the file", "draw a Polygon or a MultiPolygon"}, found, polygon_limits);
    if (geojson) region = read_region(*geojson, found);
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    found.error(layer.place, fmt::format("the polygon of this layer cannot be read: {}", error.message()),
                error.remedy());
  }
  problems.append(found);
  if (found.has_errors()) return {};
  return region;
}

std::optional<ChosenLayer> LayerChooser::choose(const Layer& layer, const Device& device,
                                                const Variables& variables, Problems& problems) {
  ChosenLayer chosen{layer.path, layer.place, true, layer.substitution};
  if (layer.selector && !selects(*layer.selector, device.labels)) return {};
  if (!layer.within.empty()) {
    const auto* region = region_of(layer, problems);
    if (region == nullptr) {
      chosen.known = false;
      return chosen;
    }
    if (!device.in_inventory || !contains(*region, device.position)) return {};
  }
  const auto path = path_of(layer, variables, problems);
  chosen.known = path.has_value();
  if (!path) return chosen;
  chosen.path = *path;
  if (path->empty()) return chosen;  // the root is always there
  const auto lead = follow(tree_, *path);
  if (lead.is_directory()) return chosen;
  chosen.known = false;
  if (!lead.refusal.empty()) {
    problems.error(layer.place, fmt::format("the layer {}: {}", printable(*path), lead.refusal), lead.remedy);
    return chosen;
  }
  if (!lead.item && layer.optional) return {};
  problems.error(
      layer.place,
      fmt::format("the layer {} {}", printable(*path), lead.item ? "is not a directory" : "does not exist"),
      "create the directory, fix the path, or write optional: true if only some devices have one");
  return chosen;
}

const Region* LayerChooser::region_of(const Layer& layer, Problems& problems) {
  const auto [at, fresh] = regions_.try_emplace(layer.within);
  if (fresh) at->second = read_polygon(layer, tree_, problems);
  return at->second ? &*at->second : nullptr;
}

std::vector<ChosenLayer> LayerChooser::choose(const Device& device, const Variables& variables,
                                              Problems& problems) {
  std::vector<ChosenLayer> layers;
  if (device.retired) return layers;
  for (const auto& layer : cluster_.layers) {
    if (auto chosen = choose(layer, device, variables, problems)) layers.push_back(std::move(*chosen));
  }
  return layers;
}

bool is_layer_directory(const Cluster& cluster, std::string_view directory) {
  return std::any_of(cluster.layers.begin(), cluster.layers.end(),
                     [directory](const Layer& layer) { return names_directory(layer.path, directory); });
}

}  // namespace greenwave::render
