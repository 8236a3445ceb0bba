#include "sync/check.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::sync {

namespace {

void report_unserved(const Manifest& manifest, Problems& problems) {
  const auto& id = manifest.id;
  if (id.api_version == own_api) {
    const auto meant = nearest(id.kind, {"File", "Directory", "SystemdUnit", "Command", "HealthCheck"});
    problems.error(manifest.place(), fmt::format("{} has no kind {}", own_api, printable(id.kind)),
                   meant.empty() ? "its kinds are File, Directory, SystemdUnit, Command and HealthCheck"
                                 : fmt::format("did you mean {}?", meant));
    return;
  }
  problems.warning(
      manifest.place(),
      fmt::format("{} cannot run here: this device has no runtime for {} of {}", to_string(id), id.kind,
                  id.api_version),
      "select devices whose agent.yaml names a runtime that has it, or leave it out of this device's layers");
}

constexpr std::string_view healthy_within = "greenwave.dev/healthy-within";
constexpr auto longest_within = std::chrono::hours(1);

/// The time that a manifest of any kind gives its object to become healthy.
void read_patience(const Manifest& manifest, plan::Footprint& footprint, Problems& problems) {
  const auto text = manifest.annotation(healthy_within);
  if (text.empty() || !footprint.watch) return;
  try {
    const auto within = parse_duration(text);
    if (within > Duration::zero() && within <= longest_within) {
      footprint.watch->within = within;
      return;
    }
  } catch (const Error&) {
  }
  problems.error(manifest.place(), fmt::format("{} is \"{}\"", healthy_within, printable(text)),
                 "write a time up to 1h, 5m say");
}

/// Whether the inventory alone already says that the object is as it should be.
bool settled(const plan::Desired& desired, const Entry* entry, const Observed& observed) {
  return entry != nullptr && !entry->intended && entry->error.empty() &&
         entry->digest == desired.manifest.digest && !observed.drifted.contains(entry->id);
}

/// A health check of a unit that the same commit keeps down can never pass: it would take every commit back.
void refuse_hopeless(Checked& checked) {
  std::set<std::string> down;
  for (const auto& object : checked.desired) {
    const auto* running = object.manifest.document.at({"spec", "running"});
    const auto* name = object.manifest.document.at({"spec", "name"});
    const bool is_unit =
        object.manifest.id.kind == "SystemdUnit" && name != nullptr && name->string() != nullptr;
    if (!is_unit || running == nullptr) continue;
    const auto* value = std::get_if<bool>(&running->value);
    if (value != nullptr && !*value) down.insert(*name->string());
  }
  std::erase_if(checked.desired, [&](const plan::Desired& object) {
    const auto* unit = object.manifest.document.at({"spec", "unit"});
    const bool hopeless = object.manifest.id.kind == "HealthCheck" && unit != nullptr &&
                          unit->string() != nullptr && down.contains(*unit->string());
    if (!hopeless) return false;
    checked.problems.error(
        unit->place, fmt::format("this can never pass: {} is declared with running: false", *unit->string()),
        "check another unit, or let this one run");
    checked.refused.push_back(object.manifest.id);
    return true;
  });
}

/// What cannot be looked at because its server is away is told once, not for each object.
void refuse_unseen(const std::vector<drivers::Candidate>& candidates, const std::string& why,
                   Compared& compared) {
  auto name = to_string(candidates.front().desired->manifest.id);
  if (candidates.size() > 1) name += fmt::format(" and {} more", candidates.size() - 1);
  compared.failed.push_back({std::move(name), why});
  for (const auto& candidate : candidates) compared.refused.push_back(candidate.desired->manifest.id);
}

void compare(drivers::Driver& driver, const std::vector<drivers::Candidate>& candidates,
             const SourceTree& tree, Compared& compared) {
  driver.foresee_compare(candidates);
  if (const auto why = driver.away()) return refuse_unseen(candidates, *why, compared);
  for (const auto& [desired, entry] : candidates) {
    const auto& id = desired->manifest.id;
    try {
      compared.differences.emplace(id, driver.compare(*desired, entry, tree));
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      compared.failed.push_back({to_string(id), error.what()});
      compared.refused.push_back(id);
    }
  }
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
    read_patience(manifest, footprint, problems);
    checked.problems.append(problems);
    if (problems.has_errors()) {
      checked.refused.push_back(manifest.id);
    } else {
      checked.desired.push_back({std::move(manifest), std::move(footprint)});
    }
  }
  refuse_hopeless(checked);
  return checked;
}

Compared compare(std::span<const plan::Desired> desired, std::span<const Entry> inventory,
                 const Observed& observed, const Drivers& drivers, const SourceTree& tree, bool force) {
  Compared compared;
  for (const auto& id : plan::replacing(desired, inventory)) {
    compared.differences.emplace(
        id, plan::Difference{.kind = plan::Difference::Kind::create, .diff = {}, .was = {}, .record = {}});
  }
  std::map<drivers::Driver*, std::vector<drivers::Candidate>> candidates;
  for (const auto& object : desired) {
    const auto& id = object.manifest.id;
    const auto at =
        std::lower_bound(inventory.begin(), inventory.end(), id,
                         [](const Entry& entry, const ObjectId& wanted) { return entry.id < wanted; });
    const Entry* entry = at != inventory.end() && at->id == id ? &*at : nullptr;
    if (compared.differences.contains(id) || (!force && settled(object, entry, observed))) continue;
    candidates[driver_for(drivers, id)].push_back({&object, entry});
  }
  for (auto* driver : drivers) {
    const auto found = candidates.find(driver);
    if (found != candidates.end()) compare(*driver, found->second, tree, compared);
  }
  return compared;
}

}  // namespace greenwave::sync
