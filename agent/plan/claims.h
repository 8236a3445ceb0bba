#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/problem.h"
#include "plan/graph.h"
#include "plan/objects.h"

namespace greenwave::plan {

/// A leaving entry whose place other objects claim now.
struct Taken {
  const Entry* entry = nullptr;
  std::vector<std::size_t> by;  ///< those objects
  /// They are of its kind and claim all that it had: it leaves the inventory after them, and nothing is
  /// removed from the device. False: it must be removed before they come.
  bool whole = false;
};

/// Who owns what, among the objects of one plan. `objects` must outlive it.
class Claims {
 public:
  explicit Claims(const Objects& objects);

  std::optional<std::size_t> owner(std::string_view claim) const;
  const std::vector<Taken>& taken() const { return taken_; }

  /// Refuses the objects that claim what another one claims too, what a refused object still has, or what
  /// an entry that must not be removed has.
  void refuse_conflicts(Objects& objects, bool may_prune, Problems& problems) const;

  /// Directories before what lies in them, and an object that moves away before the one that takes its place.
  void order(const Objects& objects, Graph& graph) const;

 private:
  struct Duplicate {
    std::string_view claim;
    std::size_t first;
    std::size_t second;
  };

  std::unordered_map<std::string_view, std::size_t> owners_;
  std::vector<Duplicate> duplicates_;
  std::vector<Taken> taken_;
};

}  // namespace greenwave::plan
