#include "plan/objects.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace greenwave::plan {

namespace {

/// A render is already sorted by id, so only the ranks are left to sort by.
std::vector<const Desired*> sorted(std::span<const Desired> all) {
  std::vector<const Desired*> order;
  order.reserve(all.size());
  for (const auto& one : all) order.push_back(&one);
  const auto by_id = [](const Desired* a, const Desired* b) { return a->manifest.id < b->manifest.id; };
  if (!std::is_sorted(order.begin(), order.end(), by_id)) std::sort(order.begin(), order.end(), by_id);
  std::stable_sort(order.begin(), order.end(),
                   [](const Desired* a, const Desired* b) { return a->footprint.rank < b->footprint.rank; });
  return order;
}

std::ptrdiff_t depth_of(const Entry& entry) {
  std::ptrdiff_t deepest = 0;
  for (const auto& claim : entry.claims) {
    deepest = std::max(deepest, std::count(claim.begin(), claim.end(), '/'));
  }
  return deepest;
}

/// From high ranks to low, and from the deepest path up.
void sort_for_removal(std::vector<const Entry*>& entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) {
    return std::tuple(-a->rank, -depth_of(*a), std::tie(a->id)) <
           std::tuple(-b->rank, -depth_of(*b), std::tie(b->id));
  });
}

}  // namespace

Objects::Objects(const Input& input)
    : desired_(sorted(input.desired)), entries_(desired_.size()), may_prune_(input.may_prune) {
  numbers_.reserve(desired_.size());
  for (std::size_t i = 0; i < desired_.size(); ++i) numbers_.emplace(&desired_[i]->manifest.id, i);
  std::vector<const Entry*> undeclared;
  for (const auto& entry : input.inventory) {
    if (const auto number = number_of(entry.id)) {
      entries_[*number] = &entry;
    } else {
      undeclared.push_back(&entry);
    }
  }
  sort_for_removal(undeclared);
  for (const auto* entry : undeclared) {
    numbers_.emplace(&entry->id, entries_.size());
    entries_.push_back(entry);
  }

  refused_.resize(entries_.size());
  const std::set<ObjectId> refused_before(input.refused.begin(), input.refused.end());
  for (const auto& one : refused_before) {
    const auto number = number_of(one);
    if (number) refused_[*number] = true;
    if (!number || !is_declared(*number)) nameless_.push_back(one);
  }
}

std::optional<std::size_t> Objects::number_of(const ObjectId& id) const {
  const auto found = numbers_.find(&id);
  if (found == numbers_.end()) return {};
  return found->second;
}

bool Objects::is_changed(std::size_t number) const {
  const auto* entry = entries_[number];
  return entry == nullptr || entry->digest != desired(number).manifest.digest;
}

}  // namespace greenwave::plan
