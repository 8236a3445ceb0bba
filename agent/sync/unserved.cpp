#include "sync/unserved.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "kinds/table.h"
#include "model/kubernetes_kind.h"
#include "render/cluster_file.h"
#include "sync/entries.h"

namespace greenwave::sync {

namespace {

const Place& place_of(const Manifest& manifest, std::string_view field) {
  const auto* member = manifest.document.find(field);
  return member != nullptr ? member->place : manifest.place();
}

bool is_nearly(const std::string& kind, const std::string& other) {
  return kind == other || !nearest(kind, {other}).empty();
}

}  // namespace

void check_runtime(const Cluster& cluster, const Device& device, config::Runtime has, Problems& problems) {
  const auto said = render::runtime_of(cluster, device);
  if (said.empty() || said == to_string(has)) return;
  const bool by_label = said != cluster.runtime;
  problems.warning(by_label ? cluster.devices_place : cluster.runtime_place,
                   fmt::format("the repository says that {} has runtime: {}, and its agent.yaml says {}",
                               printable(device.id), said, to_string(has)),
                   by_label
                       ? "change the device's label runtime in the inventory, or its agent.yaml"
                       : "change spec.runtime, give the device a label runtime, or change its agent.yaml");
}

void report_unserved(const Manifest& manifest, Problems& problems) {
  const auto& id = manifest.id;
  const auto meant = kinds::correction(id);
  if (id.api_version == own_api) {
    problems.error(place_of(manifest, "kind"), fmt::format("{} has no kind {}", own_api, printable(id.kind)),
                   meant ? fmt::format("did you mean {}?", meant->word)
                         : fmt::format("its kinds are {}", fmt::join(kinds::own_names(), ", ")));
    return;
  }
  const auto message = fmt::format("{} cannot run here: nothing on this device serves {} of {}",
                                   to_string(id), printable(id.kind), printable(id.api_version));
  if (meant) {
    problems.error(place_of(manifest, meant->field), message, fmt::format("did you mean {}?", meant->word));
  } else {
    problems.error(manifest.place(), message,
                   "select devices whose agent.yaml names a runtime that has it, or leave it out of this "
                   "device's layers");
  }
}

std::vector<ObjectId> meant_by(std::span<const ObjectId> refused, std::span<const plan::Desired> desired,
                               std::span<const Entry> inventory) {
  std::multimap<std::string, ObjectId> unknown;  // by name
  std::set<ObjectId> declared(refused.begin(), refused.end());
  for (const auto& id : refused) {
    const bool exists = kinds::is_known(id) || kubernetes_has(id).value_or(false);
    if (!exists && entry_of(inventory, id) == nullptr) unknown.emplace(id.name, id);
  }
  std::vector<ObjectId> meant;
  if (unknown.empty()) return meant;
  for (const auto& object : desired) {
    const auto& id = object.manifest.id;
    declared.insert(id);
    const auto [first, last] = unknown.equal_range(id.name);
    if (std::any_of(first, last, [&](const auto& one) { return is_nearly(one.second.kind, id.kind); })) {
      meant.push_back(id);
    }
  }
  for (const auto& entry : inventory) {
    if (!declared.contains(entry.id) && unknown.contains(entry.id.name)) meant.push_back(entry.id);
  }
  return meant;
}

}  // namespace greenwave::sync
