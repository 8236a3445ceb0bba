#include "sync/check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::sync {

namespace {

void report_unserved(const Manifest& manifest, Problems& problems) {
  const auto& id = manifest.id;
  if (id.api_version == own_api) {
    const auto meant = nearest(id.kind, {"File", "Directory", "SystemdUnit", "Command"});
    problems.error(manifest.place(), fmt::format("{} has no kind {}", own_api, printable(id.kind)),
                   meant.empty() ? "its kinds are File, Directory, SystemdUnit and Command"
                                 : fmt::format("did you mean {}?", meant));
    return;
  }
  problems.warning(
      manifest.place(),
      fmt::format("{} cannot run here: this device has no runtime for {}", to_string(id), id.api_version),
      "select devices whose agent.yaml names a runtime, or leave it out of this device's layers");
}

/// Whether the inventory alone already says that the object is as it should be.
bool settled(const plan::Desired& desired, const Entry* entry, const Observed& observed) {
  return entry != nullptr && !entry->intended && entry->error.empty() &&
         entry->digest == desired.manifest.digest && !observed.drifted.contains(entry->id);
}

}  // namespace

Checked check(std::vector<Manifest> manifests, const Drivers& drivers) {
  Checked checked;
  checked.desired.reserve(manifests.size());
  for (auto& manifest : manifests) {
    const auto* driver = driver_for(drivers, manifest.id);
    if (driver == nullptr) {
      report_unserved(manifest, checked.problems);
      checked.refused.push_back(manifest.id);
      continue;
    }
    Problems problems;
    auto footprint = driver->footprint(manifest, problems);
    checked.problems.append(problems);
    if (problems.has_errors()) {
      checked.refused.push_back(manifest.id);
    } else {
      checked.desired.push_back({std::move(manifest), std::move(footprint)});
    }
  }
  return checked;
}

Compared compare(std::span<const plan::Desired> desired, std::span<const Entry> inventory,
                 const Observed& observed, const Drivers& drivers, const SourceTree& tree, bool force) {
  Compared compared;
  for (const auto& id : plan::replacing(desired, inventory)) {
    compared.differences.emplace(
        id, plan::Difference{.kind = plan::Difference::Kind::create, .diff = {}, .was = {}, .record = {}});
  }
  for (const auto& object : desired) {
    const auto& id = object.manifest.id;
    const auto at =
        std::lower_bound(inventory.begin(), inventory.end(), id,
                         [](const Entry& entry, const ObjectId& wanted) { return entry.id < wanted; });
    const Entry* entry = at != inventory.end() && at->id == id ? &*at : nullptr;
    if (compared.differences.contains(id) || (!force && settled(object, entry, observed))) continue;
    try {
      compared.differences.emplace(id, driver_for(drivers, id)->compare(object, entry, tree));
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      compared.failed.push_back({to_string(id), error.what()});
      compared.refused.push_back(id);
    }
  }
  return compared;
}

}  // namespace greenwave::sync
