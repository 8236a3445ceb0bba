#include "render/render.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "render/assemble.h"
#include "render/cluster_file.h"
#include "render/collect.h"
#include "render/finish.h"
#include "render/inventory.h"
#include "render/layers.h"
#include "render/object/variables.h"

namespace greenwave::render {

namespace {

/// A device that the inventory does not list is held: what it has may depend on labels and a position that
/// only seem to be gone.
NotListed not_listed(const std::string& inventory, const std::string& id,
                     const std::vector<std::string>& near) {
  std::string remedy;
  if (!near.empty()) remedy = printable(fmt::format("near are: {}; ", fmt::join(near, ", ")));
  remedy += "a device keeps what it has until its Feature is there, or agent.yaml sets device: to its id";
  return {Fault::invalid, fmt::format("{} lists no device {}", printable(inventory), printable(id)),
          std::move(remedy)};
}

Device look_up(const Cluster& cluster, const std::string& id, const SourceTree& tree, Problems& problems) {
  Device absent;
  absent.id = id;
  absent.properties = yaml::Node{yaml::Node::Map{}, {}};
  if (cluster.devices.empty()) return absent;
  Problems found;
  auto lookup = find_device(read_inventory(cluster, tree), cluster.devices, id, found);
  throw_errors(found);
  problems.append(found);
  if (lookup.device) return std::move(*lookup.device);
  throw not_listed(cluster.devices, id, lookup.near);
}

/// The city's labels of a device take precedence over the device's own.
void add_own_labels(Device& device, const Identity& identity) {
  device.labels.insert(identity.labels.begin(), identity.labels.end());
  device.labels.insert(identity.facts.begin(), identity.facts.end());
}

void finish(Assembly assembly, const SourceTree& tree, std::string_view digest_key, Rendered& rendered) {
  rendered.complete = assembly.complete;
  rendered.manifests.reserve(assembly.objects.size());
  for (auto& object : assembly.objects) {
    const auto id = object.id;
    if (auto manifest = manifest_of(std::move(object), tree, digest_key, rendered.problems)) {
      rendered.manifests.push_back(std::move(*manifest));
    } else {
      rendered.refused.push_back(id);
    }
  }
}

}  // namespace

Membership membership(const SourceTree& tree, const Identity& identity) {
  Membership found;
  found.cluster = read_cluster(tree, found.problems);
  found.device = look_up(found.cluster, identity.device, tree, found.problems);
  add_own_labels(found.device, identity);
  return found;
}

Rendered render(const SourceTree& tree, const Identity& identity) {
  auto [cluster, device, problems] = membership(tree, identity);
  Rendered rendered;
  rendered.cluster = std::move(cluster);
  rendered.device = std::move(device);
  rendered.problems = std::move(problems);

  const Variables variables(rendered.cluster, rendered.device);
  const auto layers =
      LayerChooser(rendered.cluster, tree).choose(rendered.device, variables, rendered.problems);
  for (const auto& layer : layers) {
    if (layer.known) rendered.layers.push_back(layer.path);
  }

  auto collected = collect(layers, rendered.cluster, variables, tree,
                           identity.keys ? &*identity.keys : nullptr, rendered.problems);
  for (const auto& layer : collected) {
    const bool encrypted = std::ranges::any_of(layer.files, &ManifestFile::encrypted);
    rendered.veiled = rendered.veiled || (!identity.keys && encrypted);
  }
  if (identity.namespace_from_directory) take_namespaces_from_directories(collected);
  finish(assemble(std::move(collected), rendered.problems), tree, identity.digest_key, rendered);
  return rendered;
}

}  // namespace greenwave::render
