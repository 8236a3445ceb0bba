#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/plan.h"

namespace greenwave::plan {

/// The objects of one plan, numbered: first the declared ones, by rank and then by id, which also breaks
/// ties; then those that only the inventory knows, in the order of removal.
class Objects {
 public:
  explicit Objects(const Input& input);

  std::size_t size() const { return entries_.size(); }
  std::size_t declared() const { return desired_.size(); }
  bool is_declared(std::size_t number) const { return number < desired_.size(); }
  /// Only for declared ones.
  const Desired& desired(std::size_t number) const { return *desired_[number]; }
  const ObjectId& id(std::size_t number) const {
    return is_declared(number) ? desired_[number]->manifest.id : entries_[number]->id;
  }
  /// The object's inventory entry; null if it is new.
  const Entry* entry(std::size_t number) const { return entries_[number]; }
  std::optional<std::size_t> number_of(const ObjectId& id) const;

  /// Those that stay as they are: refused, by this stage or an earlier one, or not to be removed.
  const std::vector<bool>& refused() const { return refused_; }
  void refuse(std::size_t number) { refused_[number] = true; }

  /// Objects that were refused before they had a manifest that could be numbered.
  const std::vector<ObjectId>& nameless() const { return nameless_; }
  bool may_prune() const { return may_prune_; }

  /// Whether the manifest is another one than was applied last. A step for it that was begun may be a repair.
  bool is_changed(std::size_t number) const;

 private:
  struct Hash {
    std::size_t operator()(const ObjectId* id) const { return std::hash<ObjectId>{}(*id); }
  };
  struct Equal {
    bool operator()(const ObjectId* a, const ObjectId* b) const { return *a == *b; }
  };

  std::vector<const Desired*> desired_;
  std::vector<const Entry*> entries_;
  std::vector<bool> refused_;
  std::unordered_map<const ObjectId*, std::size_t, Hash, Equal> numbers_;
  std::vector<ObjectId> nameless_;
  bool may_prune_;
};

}  // namespace greenwave::plan
