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

/// An entry that is leaving, and whose claims other objects now have.
struct Taken {
  const Entry* entry = nullptr;
  std::vector<std::size_t> by;  ///< the other objects
  /// They are of the entry's kind and claim all that it had: it leaves the inventory after them, and nothing
  /// is removed from the device. False: it must be removed before they are applied.
  bool whole = false;
};

/// An object that needs a directory where a file or a unit of ours is.
struct Blocked {
  std::size_t number = 0;
  const Entry* by = nullptr;
  std::string_view claim;  ///< of that entry
  std::optional<std::size_t>
      mover;  ///< the entry's object, when it only moves away; nothing: the entry leaves
};

/// Which object claims what, among the objects of one plan. `objects` must outlive it.
class Claims {
 public:
  explicit Claims(const Objects& objects);

  std::optional<std::size_t> owner(std::string_view claim) const;
  const std::vector<Taken>& taken() const { return taken_; }

  const std::vector<Blocked>& blocked() const { return blocked_; }
  /// Whether `next` takes a claim that `number` had, so that `number` must move first.
  bool makes_place(const Objects& objects, std::size_t number, std::size_t next) const;

  /// Refuses objects that claim what another object claims too, what a refused object still has, or what an
  /// entry that must not be removed has; and a Directory that would purge any of these.
  void refuse_conflicts(Objects& objects, bool may_prune, Problems& problems) const;

  /// Directories before their content, and an object that moves away before the one that takes its place.
  void order(const Objects& objects, Graph& graph) const;

 private:
  /// The object that purges `claim`: it is below a directory with `purge`.
  std::optional<std::size_t> purger(std::string_view claim, const Objects& objects) const;
  void find_blocked(const Objects& objects);
  void refuse_blocked(Objects& objects, bool may_prune, Problems& problems) const;
  void refuse_purges(Objects& objects, Problems& problems) const;
  /// What entries keep on the device must not be purged.
  void refuse_purge_of(const Entry& entry, std::string_view why, Objects& objects, Problems& problems) const;

  struct Duplicate {
    std::string_view claim;
    std::size_t first;
    std::size_t second;
  };

  std::unordered_map<std::string_view, std::size_t> owners_;
  std::vector<Duplicate> duplicates_;
  std::vector<Taken> taken_;
  std::vector<Blocked> blocked_;
  bool has_purges_ = false;
};

}  // namespace greenwave::plan
