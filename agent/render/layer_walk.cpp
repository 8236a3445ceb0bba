#include "render/layer_walk.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/lead.h"
#include "model/paths.h"
#include "render/cluster_file.h"
#include "render/kustomize/build.h"

namespace greenwave::render {

namespace {

constexpr std::size_t most_depth = 64;
constexpr std::size_t most_entries = 100'000;  // of all directories that a device's layers have

bool may_be_manifest(std::string_view name) {
  return is_named_as_manifest(name) || is_named_as_manifest(in_lower_case(name));
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// Files of the cluster itself, which are not part of any layer.
std::unordered_set<std::string> files_of(const Cluster& cluster, const SourceTree& tree) {
  std::unordered_set<std::string> files;
  const auto add = [&](const std::string& path) {
    files.insert(path);
    files.insert(follow(tree, path).path);
  };
  add(cluster_file);
  if (!cluster.devices.empty()) add(cluster.devices);
  for (const auto& layer : cluster.layers) {
    if (!layer.within.empty()) add(layer.within);
  }
  return files;
}

bool is_before(const Candidate& a, const Candidate& b) {
  return a.path < b.path;
}

/// Whether a link with this name may be a directory: its name does not end like a file's ("notes.md").
bool may_be_directory(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == name.npos || dot + 1 == name.size() ||
         std::isalpha(static_cast<unsigned char>(name[dot + 1])) == 0;
}

Place place_in(const std::string& path) {
  return {std::make_shared<const std::string>(path), 0, 0};
}

}  // namespace

bool is_named_as_manifest(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json") ||
         kustomize::is_kustomization_file(name);
}

LayerWalk::LayerWalk(const Cluster& cluster, const SourceTree& tree)
    : cluster_(cluster), cluster_files_(files_of(cluster, tree)), tree_(tree) {}

std::vector<Candidate> LayerWalk::files_below(ChosenLayer& layer, Problems& problems) {
  Found found{layer, problems};
  descend(follow(tree_, layer.path).path, "", 0, found);
  // What is here by itself is read here. So a link to it, which every reader of a checkout sees twice, adds
  // nothing.
  for (std::size_t i = 0; i < found.links.size(); ++i) turn(found.links[i], found);
  std::ranges::sort(found.files, is_before);
  return std::move(found.files);
}

void LayerWalk::refuse(const std::string& path, std::string message, std::string remedy, Found& found) {
  found.problems.error(place_in(path), std::move(message), std::move(remedy));
  found.layer.known = false;
}

void LayerWalk::descend(const std::string& directory, const std::string& top, std::size_t depth,
                        Found& found) {
  if (!found.entered.insert(directory).second) return;
  if (depth > most_depth) {
    if (found.layer.known) {
      found.problems.error(place_in(directory),
                           fmt::format("directories nested deeper than {} levels", most_depth));
    }
    found.layer.known = false;
    return;
  }
  if (const auto kustomization = kustomize::kustomization_file(tree_, directory)) {
    add({*kustomization, std::string(name_of(*kustomization)), top}, found);
    return;
  }
  const auto items = entries_ <= most_entries ? tree_.list(directory) : std::vector<SourceTree::Item>();
  if (!has_room_for(items.size(), directory, found.problems)) {
    found.layer.known = false;
    return;
  }
  for (const auto& item : items) {
    if (!item.name.starts_with('.')) visit(item, join_path(directory, item.name), top, depth, found);
  }
}

void LayerWalk::visit(const SourceTree::Item& item, const std::string& path, const std::string& top,
                      std::size_t depth, Found& found) {
  const auto& below = top.empty() ? item.name : top;
  switch (item.type) {
    case SourceTree::Type::directory:
      if (!is_layer_directory(cluster_, path)) descend(path, below, depth + 1, found);
      break;
    case SourceTree::Type::file:
    case SourceTree::Type::executable:
      if (may_be_manifest(item.name)) add({path, item.name, top}, found);
      break;
    case SourceTree::Type::link:
      if (may_be_manifest(item.name) || may_be_directory(item.name)) {
        found.links.push_back({path, top, depth + 1});
      }
      break;
    case SourceTree::Type::other:
      refuse(path, "this submodule is not read, and it may declare something",
             "keep its manifests in this repository, or the submodule outside of the layers", found);
      break;
  }
}

void LayerWalk::turn(const Link& link, Found& found) {
  const auto lead = follow(tree_, link.path);
  const std::string name(name_of(link.path));
  if (!lead.refusal.empty()) return refuse(link.path, lead.refusal, lead.remedy, found);
  if (lead.is_file()) {
    if (may_be_manifest(name)) add({lead.path, name, link.top}, found);
    return;
  }
  if (found.entered.contains(lead.path)) return;
  if (any_above(link.path, [&](std::string_view above) { return above == lead.path; })) {
    return refuse(link.path, "this link leads to a directory that it is in", "remove the link", found);
  }
  descend(lead.path, link.top.empty() ? name : link.top, link.depth, found);
}

void LayerWalk::add(Candidate file, Found& found) const {
  if (cluster_files_.contains(file.path) || !found.read.insert(file.path).second) return;
  found.files.push_back(std::move(file));
}

bool LayerWalk::has_room_for(std::size_t entries, const std::string& directory, Problems& problems) {
  const bool was_full = entries_ > most_entries;
  entries_ += entries;
  if (entries_ <= most_entries) return true;
  if (!was_full) {
    problems.error(
        place_in(directory),
        fmt::format("the layers of this device have more than {} files and directories", most_entries),
        "give devices layers of their own, with what they need");
  }
  return false;
}

}  // namespace greenwave::render
