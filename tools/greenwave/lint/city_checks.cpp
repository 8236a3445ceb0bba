#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "base/time_zone.h"
#include "lint/checks.h"
#include "model/paths.h"
#include "model/selector.h"
#include "model/wave.h"
#include "render/cluster_file.h"
#include "render/layers.h"

namespace greenwave::cli {

namespace {

constexpr const char* zones = "/usr/share/zoneinfo";

std::string words_of(const Selector::Requirement& requirement) {
  switch (requirement.op) {
    case Selector::Operator::in:
      return fmt::format("{} is {}", requirement.key, fmt::join(requirement.values, " or "));
    case Selector::Operator::not_in:
      return fmt::format("{} is not {}", requirement.key, fmt::join(requirement.values, " or "));
    case Selector::Operator::exists:
      return fmt::format("{} exists", requirement.key);
    case Selector::Operator::does_not_exist:
      return fmt::format("{} does not exist", requirement.key);
  }
  return {};
}

/// Suggests what the devices have instead of what the selector asks for.
std::string remedy_for(const Selector& selector, const render::Fleet& fleet) {
  std::set<std::string> keys;
  for (const auto& device : fleet.devices()) {
    for (const auto& [key, value] : device.labels) keys.insert(key);
  }
  for (const auto& requirement : selector.requirements) {
    if (requirement.op != Selector::Operator::in && requirement.op != Selector::Operator::exists) continue;
    if (!keys.contains(requirement.key)) {
      const auto meant = nearest(requirement.key, {keys.begin(), keys.end()});
      return meant.empty()
                 ? fmt::format("no device has a label {}: devices have {}", printable(requirement.key),
                               printable(fmt::format("{}", fmt::join(keys, ", "))))
                 : fmt::format("no device has a label {}: did you mean {}?", printable(requirement.key),
                               printable(meant));
    }
    std::set<std::string> values;
    for (const auto& device : fleet.devices()) {
      const auto label = device.labels.find(requirement.key);
      if (label != device.labels.end()) values.insert(label->second);
    }
    for (const auto& value : requirement.values) {
      if (values.contains(value)) continue;
      const auto meant = nearest(value, {values.begin(), values.end()});
      if (!meant.empty()) return fmt::format("did you mean {}: {}?", requirement.key, printable(meant));
    }
  }
  return "fix it, or remove what it selects";
}

bool matches_any_device(const Selector& selector, const render::Fleet& fleet) {
  return std::ranges::any_of(fleet.devices(),
                             [&](const Device& device) { return selects(selector, device.labels); });
}

void check_selector(const std::string& what, const Place& place, const Selector& selector,
                    const render::Fleet& fleet, LintFindings& findings) {
  std::vector<std::string> words;
  for (const auto& requirement : selector.requirements) words.push_back(words_of(requirement));
  findings.add("selector",
               {Severity::warning, place,
                printable(fmt::format("the selector of {} matches none of the {} ({})", what,
                                      count_of(fleet.devices().size(), "device"), fmt::join(words, ", "))),
                remedy_for(selector, fleet)});
}

void check_polygon(const Layer& layer, const render::Fleet& fleet, LintFindings& findings) {
  Problems problems;
  const auto region = render::read_polygon(layer, fleet.tree(), problems);
  findings.add("polygon", problems);
  if (!region) return;
  const bool has_device = std::ranges::any_of(fleet.devices(), [&](const Device& device) {
    return device.in_inventory && contains(*region, device.position);
  });
  if (has_device) return;
  findings.add(
      "polygon",
      {Severity::warning, layer.place, fmt::format("no device is inside {}", printable(layer.within)),
       "check that longitude comes before latitude, and that the intended devices are inside"});
}

void check_wave(const Wave& wave, const render::Fleet& fleet, LintFindings& findings) {
  const auto& cluster = fleet.cluster();
  if (cluster.devices.empty()) return;
  const auto follows = [&](const Device& device) { return wave_of(cluster, device) == &wave; };
  if (wave.selector && !matches_any_device(*wave.selector, fleet)) {
    check_selector(fmt::format("the wave {}", wave.name), wave.place, *wave.selector, fleet, findings);
  } else if (std::ranges::none_of(fleet.devices(), follows)) {
    findings.add(
        "selector",
        {Severity::warning, wave.place, fmt::format("no device is in the wave {}", printable(wave.name)),
         wave.percent ? "raise its percentage, or remove it: earlier waves may have all its devices"
                      : "earlier waves have all its devices: move it before them, or remove it"});
  }
}

/// Directories that a layer's path may name, its variables filled in.
void find_directories(const render::Fleet& fleet, const std::string& directory, std::size_t depth,
                      std::vector<std::string>& found) {
  if (depth > 16) return;
  for (const auto& item : fleet.tree().list(directory)) {
    if (item.type != SourceTree::Type::directory || item.name.starts_with('.')) continue;
    const auto path = join_path(directory, item.name);
    if (render::is_layer_directory(fleet.cluster(), path)) found.push_back(path);
    find_directories(fleet, path, depth + 1, found);
  }
}

void check_unused_layers(const render::Fleet& fleet, LintFindings& findings) {
  std::set<std::string> used;
  for (const auto& layer : fleet.layers()) used.insert(layer.read.layer.path);
  std::vector<std::string> directories;
  find_directories(fleet, "", 0, directories);
  std::vector<std::string> ids;
  for (const auto& device : fleet.devices()) ids.push_back(device.id);
  for (const auto& directory : directories) {
    if (used.contains(directory)) continue;
    const auto name = directory.substr(directory.rfind('/') + 1);
    const auto meant = nearest(name, ids);
    Problems found;
    found.warning({std::make_shared<const std::string>(directory), 0, 0}, "no device gets this layer",
                  meant.empty() ? "remove it, or fix the selector, the polygon or the labels that should "
                                  "give it to a device"
                                : fmt::format("did you mean {}?", printable(meant)));
    findings.add("layer", found);
  }
}

void check_emptiness(const render::Fleet& fleet, LintFindings& findings) {
  const bool is_read = std::ranges::all_of(fleet.combinations(), &render::Combination::complete);
  if (!fleet.variants().empty() || !is_read) return;
  Problems found;
  found.warning({std::make_shared<const std::string>(render::cluster_file), 0, 0},
                "this repository declares nothing for any device",
                "add manifests to its layers; what the devices have stays until then");
  findings.add("city", found);
}

void check_window(const Window& window, LintFindings& findings) {
  std::error_code error_code;
  // Without a tz database on this machine only the devices can check this.
  if (!std::filesystem::is_directory(zones, error_code)) return;
  try {
    load_time_zone(window.timezone);
  } catch (const Error&) {
    findings.add("window", {Severity::error, window.place,
                            fmt::format("there is no time zone {}, so the window {} never opens",
                                        printable(window.timezone), printable(window.name)),
                            "use a name from the tz database, for example America/Los_Angeles"});
  }
}

}  // namespace

void check_city(const render::Fleet& fleet, LintFindings& findings) {
  check_emptiness(fleet, findings);
  const auto& cluster = fleet.cluster();
  for (const auto& layer : cluster.layers) {
    const auto name = fmt::format("the layer {}", layer.path);
    if (layer.selector && !cluster.devices.empty() && !matches_any_device(*layer.selector, fleet)) {
      check_selector(name, layer.place, *layer.selector, fleet, findings);
    }
    if (!layer.within.empty()) check_polygon(layer, fleet, findings);
  }
  for (const auto& wave : cluster.waves) check_wave(wave, fleet, findings);
  Problems overlaps;
  check_overlaps(cluster, fleet.devices(), overlaps);
  findings.add("selector", overlaps);
  for (const auto& window : cluster.windows) check_window(window, findings);
  check_unused_layers(fleet, findings);
}

}  // namespace greenwave::cli
