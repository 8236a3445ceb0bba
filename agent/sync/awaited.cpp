#include "sync/awaited.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/listed.h"
#include "sync/entries.h"
#include "sync/refusals.h"
#include "sync/relations.h"

namespace greenwave::sync {

namespace {

constexpr std::size_t most_named = 3;

std::vector<std::string> excused(const Course& course) {
  auto names = course.refused.value_or(std::vector<std::string>{});
  names.insert(names.end(), course.ailing.begin(), course.ailing.end());
  if (!course.trial) return names;
  const auto& before = course.trial->failed_before;
  names.insert(names.end(), before.begin(), before.end());
  return names;
}

std::set<std::string> changed_objects(const Prepared& prepared, std::span<const Entry> inventory) {
  std::set<std::string> names;
  for (const auto& object : prepared.desired) {
    const auto& id = object.manifest.id;
    if (differs(&object, entry_of(inventory, id))) names.insert(to_string(id));
  }
  return names;
}

std::vector<FailedObject> not_there(Pass& pass, const Prepared& prepared,
                                    const std::vector<std::string>& excused) {
  auto missing = new_refusals(prepared, excused, pass.inventory());
  const auto& standing = pass.kept.standing;
  if (standing.failed.empty() && standing.waiting.empty()) return missing;
  const auto changed = changed_objects(prepared, pass.inventory());
  const auto add = [&](const std::string& object, const std::string& reason) {
    const auto is_it = [&object](const FailedObject& one) { return one.object == object; };
    if (!changed.contains(object) || contains(excused, object) || std::ranges::any_of(missing, is_it)) return;
    missing.push_back({object, reason});
  };
  for (const auto& failed : standing.failed) add(failed.object, failed.reason);
  for (const auto& waiting : standing.waiting) add(waiting.object, "it waits");
  return missing;
}

std::vector<FailedObject> not_well(Pass& pass, const Prepared& prepared,
                                   const std::vector<std::string>& excused) {
  std::map<drivers::Session*, std::vector<const Entry*>> asked;
  const auto& inventory = pass.inventory();
  for (const auto& object : prepared.desired) {
    const auto* entry = entry_of(inventory, object.manifest.id);
    if (!object.footprint.watch || entry == nullptr || contains(excused, to_string(entry->id))) continue;
    if (const auto* look = serving(pass.observed->looks, entry->id))
      asked[look->session.get()].push_back(entry);
  }
  std::vector<FailedObject> unwell;
  for (const auto& [session, entries] : asked) {
    const auto health = session->health(entries, Duration::zero());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (health[i].state == drivers::Health::State::good) continue;
      unwell.push_back({to_string(entries[i]->id), health[i].reason});
    }
  }
  return unwell;
}

}  // namespace

std::string awaited(Pass& pass, const Prepared& prepared) {
  const auto& course = pass.kept.course;
  const auto older = excused(course);
  auto missing = not_there(pass, prepared, older);
  if (missing.empty() && pass.is_unreachable()) {
    return "nothing is removed while a server of the device's is away";
  }
  if (missing.empty() && !course.trial) missing = not_well(pass, prepared, older);
  if (missing.empty()) return {};
  return "nothing is removed before what replaces it is there and well: " +
         listed(missing, most_named,
                [](const FailedObject& one) { return fmt::format("{}: {}", one.object, one.reason); });
}

}  // namespace greenwave::sync
