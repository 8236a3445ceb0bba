#include "render/render.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "render/assemble.h"
#include "render/cluster_file.h"
#include "render/collect.h"
#include "render/content.h"
#include "render/inventory.h"
#include "render/layers.h"
#include "render/variables.h"
#include "yaml/load.h"

namespace greenwave::render {

namespace {

/// Throws an Error that lists what is wrong, a line each, when there is something.
void refuse_if_wrong(const Problems& found) {
  if (!found.has_errors()) return;
  std::string lines;
  for (const auto& problem : found.list()) {
    if (problem.severity != Severity::error) continue;
    if (!lines.empty()) lines += '\n';
    lines += to_string(problem);
  }
  throw Error(Fault::invalid, lines);
}

bool is_file(const SourceTree::Item& item) {
  return item.type == SourceTree::Type::file || item.type == SourceTree::Type::executable;
}

Cluster read_cluster(const SourceTree& tree, Problems& problems) {
  const auto item = tree.find(cluster_file);
  if (!item) return plain_cluster();
  if (!is_file(*item)) {
    throw Error(Fault::invalid, fmt::format("{} is no file", cluster_file),
                "links are not followed: put the file itself there");
  }
  Problems found;
  auto cluster = parse_cluster(tree.read(cluster_file, yaml::Limits{}.bytes), cluster_file, found);
  refuse_if_wrong(found);
  problems.append(found);
  return cluster;
}

Device look_up(const Cluster& cluster, const std::string& id, const SourceTree& tree, Problems& problems) {
  Device absent;
  absent.id = id;
  absent.properties = yaml::Node{yaml::Node::Map{}, {}};
  if (cluster.devices.empty()) return absent;
  const auto item = tree.find(cluster.devices);
  if (!item || !is_file(*item)) {
    throw Error(Fault::invalid,
                fmt::format("{}: the inventory {} {}", to_string(cluster.devices_place), cluster.devices,
                            item ? "is no file" : "does not exist"),
                "add it, correct the path, or leave devices out");
  }
  Problems found;
  auto lookup = find_device(tree.read(cluster.devices, most_inventory_bytes), cluster.devices, id, found);
  refuse_if_wrong(found);
  problems.append(found);
  if (lookup.device) return std::move(*lookup.device);
  problems.warning({std::make_shared<const std::string>(cluster.devices), 0, 0},
                   fmt::format("the inventory does not list the device {}, so it has no position and only "
                               "its own labels",
                               printable(id)),
                   lookup.near.empty()
                       ? "add a Feature with this id, or set device in agent.yaml"
                       : fmt::format("add a Feature with this id, or set device in "
                                     "agent.yaml; near are: {}",
                                     printable(fmt::format("{}", fmt::join(lookup.near, ", ")))));
  return absent;
}

/// What the city says of a device counts more than what the device says of itself.
void add_own_labels(Device& device, const Identity& identity) {
  device.labels.insert(identity.labels.begin(), identity.labels.end());
  device.labels.insert(identity.facts.begin(), identity.facts.end());
}

/// What Greenwave itself will read must be readable: an annotation of another type would silently do nothing.
void check_metadata(const yaml::Node& document, Problems& problems) {
  for (const auto key : {"annotations", "labels"}) {
    const auto* member = document.at({"metadata", key});
    if (member == nullptr || member->is_null()) continue;
    if (!member->is_map()) {
      problems.error(member->place, fmt::format("{} must be a map, not {}", key, kind_of(*member)),
                     fmt::format("write {}: {{name: value}}", key));
      continue;
    }
    for (const auto& [name, name_place, value] : *member->map()) {
      if (value.is_string()) continue;
      problems.error(value.place,
                     fmt::format("{}: {} must be a string, not {}", key, printable(name), kind_of(value)),
                     "put it in quotes");
    }
  }
}

void finish(Assembly assembly, const SourceTree& tree, Rendered& rendered) {
  rendered.complete = assembly.complete;
  rendered.manifests.reserve(assembly.objects.size());
  for (auto& object : assembly.objects) {
    Manifest manifest{std::move(object.id), std::move(object.document), {}, {}};
    Problems found;
    if (!object.refused) {
      check_metadata(manifest.document, found);
      resolve_source(manifest, tree, found);
    }
    rendered.problems.append(found);
    if (object.refused || found.has_errors()) {
      rendered.refused.push_back(std::move(manifest.id));
    } else {
      seal(manifest);
      rendered.manifests.push_back(std::move(manifest));
    }
  }
}

}  // namespace

Rendered render(const SourceTree& tree, const Identity& identity) {
  Rendered rendered;
  rendered.cluster = read_cluster(tree, rendered.problems);
  rendered.device = look_up(rendered.cluster, identity.device, tree, rendered.problems);
  add_own_labels(rendered.device, identity);

  const Variables variables(rendered.cluster, rendered.device);
  const auto layers = choose_layers(rendered.cluster, rendered.device, variables, tree, rendered.problems);
  for (const auto& layer : layers) {
    if (layer.known) rendered.layers.push_back(layer.path);
  }

  auto collected = collect(layers, rendered.cluster, variables, tree, rendered.problems);
  finish(assemble(std::move(collected), rendered.problems), tree, rendered);
  return rendered;
}

}  // namespace greenwave::render
