#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/plan.h"

namespace greenwave::plan {

/// The objects of one plan, numbered in the order that breaks ties: by rank, then by id.
class Objects {
 public:
  explicit Objects(const Input& input);

  std::size_t size() const { return desired_.size(); }
  const Desired& desired(std::size_t number) const { return *desired_[number]; }
  const ObjectId& id(std::size_t number) const { return desired_[number]->manifest.id; }
  /// The object's inventory entry; null when it is new.
  const Entry* entry(std::size_t number) const { return entries_[number]; }
  std::optional<std::size_t> number_of(const ObjectId& id) const;

  /// Refused by an earlier stage or by this one.
  const std::vector<bool>& refused() const { return refused_; }
  void refuse(std::size_t number) { refused_[number] = true; }

  /// Objects that were refused before they had a manifest that could be numbered.
  const std::vector<ObjectId>& nameless() const { return nameless_; }
  /// Entries of objects that an earlier stage refused, numbered or not: they stay as they are.
  const std::vector<const Entry*>& stuck() const { return stuck_; }
  /// Entries that are no longer declared by any manifest.
  const std::vector<const Entry*>& leaving() const { return leaving_; }

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
  std::vector<const Entry*> stuck_;
  std::vector<const Entry*> leaving_;
};

}  // namespace greenwave::plan
