#include "plan/objects.h"

#include <algorithm>
#include <set>

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

}  // namespace

Objects::Objects(const Input& input)
    : desired_(sorted(input.desired)), entries_(desired_.size()), refused_(desired_.size()) {
  numbers_.reserve(desired_.size());
  for (std::size_t i = 0; i < desired_.size(); ++i) numbers_.emplace(&id(i), i);

  const std::set<ObjectId> refused_before(input.refused.begin(), input.refused.end());
  for (const auto& one : refused_before) {
    if (const auto number = number_of(one)) {
      refused_[*number] = true;
    } else {
      nameless_.push_back(one);
    }
  }
  for (const auto& entry : input.inventory) {
    const auto number = number_of(entry.id);
    if (number) entries_[*number] = &entry;
    const bool stays = number ? refused_[*number] : refused_before.contains(entry.id);
    if (stays) {
      stuck_.push_back(&entry);
    } else if (!number) {
      leaving_.push_back(&entry);
    }
  }
}

std::optional<std::size_t> Objects::number_of(const ObjectId& id) const {
  const auto found = numbers_.find(&id);
  if (found == numbers_.end()) return {};
  return found->second;
}

}  // namespace greenwave::plan
