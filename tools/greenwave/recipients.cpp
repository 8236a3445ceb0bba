#include "city/recipients.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "city/disk_tree.h"
#include "cli.h"
#include "render/cluster_file.h"
#include "render/inventory.h"
#include "render/layers.h"

namespace greenwave::cli {

namespace {

struct RecipientsOptions {
  std::string layer;
  std::string directory = ".";
};

struct Found {
  std::map<std::string, std::vector<std::string>> recipients;  ///< each with its devices
  std::vector<std::string> missing;                            ///< devices without one
  std::size_t devices = 0;
};

Cluster read_cluster(const SourceTree& tree, const RecipientsOptions& options) {
  Problems problems;
  auto cluster = render::read_cluster(tree, problems);
  if (cluster.devices.empty()) {
    throw Error(Fault::invalid, "the cluster has no inventory to read recipients from",
                "set spec.devices in greenwave.yaml");
  }
  std::vector<std::string> paths;
  for (const auto& layer : cluster.layers) paths.push_back(layer.path);
  std::erase_if(cluster.layers, [&](const Layer& layer) {
    return layer.path != options.layer && !render::has_variables(layer.path);
  });
  if (cluster.layers.empty()) {
    throw Error(Fault::invalid, fmt::format("greenwave.yaml has no layer {}", printable(options.layer)),
                fmt::format("its layers are {}", fmt::join(paths, ", ")));
  }
  return cluster;
}

/// Whether greenwave.yaml writes the layer's path like this, variables and all.
bool is_written(const Cluster& cluster, const render::ChosenLayer& chosen, const std::string& path) {
  return std::ranges::any_of(cluster.layers, [&](const Layer& layer) {
    return layer.path == path && to_string(layer.place) == to_string(chosen.place);
  });
}

Found find(const SourceTree& tree, const RecipientsOptions& options) {
  const auto cluster = read_cluster(tree, options);
  Problems problems;
  const auto devices = render::read_devices(render::read_inventory(cluster, tree), cluster.devices, problems);
  render::throw_errors(problems);
  render::LayerChooser chooser(cluster, tree);
  Found found;
  for (const auto& device : devices) {
    const render::Variables variables(cluster, device);
    const auto layers = chooser.choose(device, variables, problems);
    const bool gets_it = std::ranges::any_of(layers, [&](const render::ChosenLayer& layer) {
      return layer.known && (layer.path == options.layer || is_written(cluster, layer, options.layer));
    });
    if (!gets_it) continue;
    ++found.devices;
    const auto recipients = recipients_of(device, problems);
    if (recipients.empty()) found.missing.push_back(device.id);
    for (const auto& recipient : recipients) found.recipients[recipient].push_back(device.id);
  }
  render::throw_errors(problems);
  const auto is_named = [&](const Layer& layer) { return layer.path == options.layer; };
  if (found.devices == 0 && std::ranges::none_of(cluster.layers, is_named)) {
    throw Error(Fault::invalid, fmt::format("greenwave.yaml has no layer {}", printable(options.layer)),
                "write the layer's path with its variables filled in");
  }
  return found;
}

int list_recipients(const Context& context, RecipientsOptions options) {
  while (options.layer.ends_with('/')) options.layer.pop_back();
  const auto found = find(DiskTree(options.directory), options);
  if (context.json) {
    auto list = nlohmann::json::array();
    for (const auto& [recipient, devices] : found.recipients) {
      list.push_back({{"recipient", recipient}, {"devices", devices}});
    }
    print(nlohmann::json{{"layer", options.layer}, {"recipients", list}, {"missing", found.missing}});
  } else {
    for (const auto& [recipient, devices] : found.recipients) print(recipient + "\n");
    if (!found.missing.empty()) {
      print_note(fmt::format("{} of {} have no recipient in the inventory: {}", found.missing.size(),
                             count_of(found.devices, "device"), fmt::join(found.missing, ", ")));
    }
  }
  return found.missing.empty() ? 0 : 1;
}

Action declare_recipients(CommandLine& line) {
  const auto options = std::make_shared<RecipientsOptions>();
  line.option("--layer", options->layer,
              "The layer's path; its variables filled in, or as greenwave.yaml has them: all that get one")
      .value_name("LAYER")
      .required();
  line.option("directory", options->directory, "The directory of the cluster's greenwave.yaml")
      .value_name("DIR")
      .show_default();
  return [options](const Context& context) { return list_recipients(context, *options); };
}

}  // namespace

const Subcommand recipients_command{
    .name = "recipients",
    .summary = "The recipients to encrypt a layer's secrets for",
    .details =
        R"help(Prints the recipients of all devices that get a layer, one per line: encrypt the layer's secrets for these.
They come from the property `recipient` of the devices' Features (one, or a list of two while an identity
is being replaced); greenwave identity prints a device's own.

Exit codes: 0 all devices have one, 1 some have none, 2 the layer could not be read.

Examples:
  greenwave recipients --layer base > recipients.txt && age -R recipients.txt -o key.age key
  sops encrypt --age "$(greenwave recipients --layer corridors/castro | paste -sd,)" plain.yaml
  greenwave recipients --layer 'devices/${device.id}'
  greenwave recipients --layer base -o json city/ | jq -r '.missing[]')help",
    .declare = declare_recipients,
};

}  // namespace greenwave::cli
