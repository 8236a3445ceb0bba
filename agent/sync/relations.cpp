#include "sync/relations.h"

#include <algorithm>

#include "base/contains.h"

namespace greenwave::sync {

bool differs(const plan::Desired* desired, const Entry* entry) {
  return desired == nullptr || entry == nullptr || entry->digest != desired->manifest.digest;
}

Relations::Relations(const Trial& trial, std::span<const plan::Desired> desired,
                     std::span<const Entry> inventory)
    : trial_(trial) {
  for (const auto& object : desired) desired_.emplace(to_string(object.manifest.id), &object);
  for (const auto& entry : inventory) entries_.emplace(to_string(entry.id), &entry);
}

Before Relations::before(const std::string& object) const {
  if (contains(trial_.failed_before, object)) return Before::failed;
  const auto entry = entries_.find(object);
  if (entry == entries_.end() || entry->second->digest.is_zero()) return Before::absent;
  return trial_.looked ? Before::well : Before::unknown;
}

Relation Relations::relation(const std::string& object) const {
  const auto desired = desired_.find(object);
  const auto entry = entries_.find(object);
  const auto* wanted = desired == desired_.end() ? nullptr : desired->second;
  const auto* known = entry == entries_.end() ? nullptr : entry->second;
  if (contains(trial_.touched, object) || differs(wanted, known)) return Relation::changed;
  const auto& watch = wanted->footprint.watch;
  return watch && watch->always ? Relation::watched : Relation::untouched;
}

Blame Relations::judge(const std::string& object, Now now, Fault fault) const {
  return blame(before(object), relation(object), now, fault);
}

std::vector<std::string> touched_by(const plan::Plan& plan) {
  std::vector<std::string> touched;
  std::set<ObjectId> causes;
  for (const auto& step : plan.steps) {
    causes.insert(step.restart_because.begin(), step.restart_because.end());
    causes.insert(step.reload_because.begin(), step.reload_because.end());
  }
  std::set<ObjectId> changed;
  for (const auto& step : plan.steps) {
    const bool own = differs(step.desired, step.entry);
    if (own && causes.contains(step.id)) changed.insert(step.id);
    const auto is_changed = [&](const ObjectId& cause) { return changed.contains(cause); };
    const bool caused = std::ranges::any_of(step.restart_because, is_changed) ||
                        std::ranges::any_of(step.reload_because, is_changed);
    const bool is_watched = step.desired != nullptr && step.desired->footprint.watch;
    if ((own && is_watched) || caused) touched.push_back(to_string(step.id));
  }
  return touched;
}

}  // namespace greenwave::sync
