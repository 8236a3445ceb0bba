#include "plan/prune.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::plan {

namespace {

std::ptrdiff_t depth_of(const Entry& entry) {
  std::ptrdiff_t deepest = 0;
  for (const auto& claim : entry.claims) {
    deepest = std::max(deepest, std::count(claim.begin(), claim.end(), '/'));
  }
  return deepest;
}

bool lies_in(const Entry& inner, const Entry& outer) {
  for (const auto& claim : inner.claims) {
    for (const auto& around : outer.claims) {
      if (claim.starts_with(around) && claim[around.size()] == '/') return true;
    }
  }
  return false;
}

void sort_for_removal(std::vector<const Entry*>& entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) {
    return std::tuple(-a->rank, -depth_of(*a), std::tie(a->id)) <
           std::tuple(-b->rank, -depth_of(*b), std::tie(b->id));
  });
}

}  // namespace

Prune prune(const Objects& objects, const Claims& claims) {
  std::unordered_map<const Entry*, const Taken*> taken_by;
  for (const auto& taken : claims.taken()) taken_by.emplace(taken.entry, &taken);

  // A directory will be created where they are.
  std::unordered_set<const Entry*> blocking;
  for (const auto& blocked : claims.blocked()) {
    if (!objects.refused()[blocked.number]) blocking.insert(blocked.by);
  }

  Prune result;
  for (const auto* entry : objects.leaving()) {
    const auto found = taken_by.find(entry);
    if (found == taken_by.end()) {
      if (!entry->keep) (blocking.contains(entry) ? result.first : result.last).push_back(entry);
      continue;
    }
    const auto& by = found->second->by;
    // Its place stays unchanged until the object that takes it is accepted.
    if (std::any_of(by.begin(), by.end(), [&](auto number) { return objects.refused()[number]; })) continue;
    if (found->second->whole) {
      result.released.push_back(found->second);
    } else {
      result.first.push_back(entry);
    }
  }
  const auto in_the_way = result.first;
  const auto goes_first = [&](const Entry* entry) {
    return std::any_of(in_the_way.begin(), in_the_way.end(),
                       [entry](const Entry* outer) { return lies_in(*entry, *outer); });
  };
  const auto later = std::stable_partition(result.last.begin(), result.last.end(), goes_first);
  result.first.insert(result.first.end(), result.last.begin(), later);
  result.last.erase(result.last.begin(), later);
  sort_for_removal(result.first);
  sort_for_removal(result.last);
  return result;
}

std::optional<Problem> empty_render(const Input& input) {
  if (!input.desired.empty() || !input.refused.empty()) return {};
  const auto pruned = static_cast<std::size_t>(std::count_if(input.inventory.begin(), input.inventory.end(),
                                                             [](const Entry& entry) { return !entry.keep; }));
  if (pruned == 0) return {};
  Problem problem;
  problem.place.file = std::make_shared<const std::string>("greenwave.yaml");
  problem.message = fmt::format("this commit declares nothing for this device, and would remove {}",
                                count_of(pruned, "object"));
  problem.remedy =
      "if this is intended, set spec.allowEmpty: true in greenwave.yaml, or run greenwave sync "
      "--allow-empty; "
      "until then nothing changes";
  return problem;
}

std::vector<ObjectId> replacing(std::span<const Desired> desired, std::span<const Entry> inventory) {
  Input input;
  input.desired = desired;
  input.inventory = inventory;
  const Objects objects(input);
  const Claims claims(objects);
  std::vector<ObjectId> found;
  for (const auto& taken : claims.taken()) {
    if (taken.whole) continue;
    for (const auto by : taken.by) found.push_back(objects.id(by));
  }
  for (const auto& blocked : claims.blocked()) {
    if (blocked.mover != blocked.number) found.push_back(objects.id(blocked.number));
  }
  return found;
}

}  // namespace greenwave::plan
