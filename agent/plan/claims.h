#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/problem.h"
#include "plan/contents.h"
#include "plan/objects.h"
#include "plan/places.h"
#include "plan/waits.h"

namespace greenwave::plan {

/// Which object of a plan claims what, and which one has it now. The constructor's arguments must outlive it.
class Claims {
 public:
  Claims(const Objects& objects, const Places& places, const Contents& contents);

  std::optional<std::size_t> owner(std::string_view claim) const;

  /// Whether any object may no longer want what it has on the device.
  bool is_anything_given_up() const { return anything_given_up_; }

  /// Refuses objects that claim the same as another one, and objects that move below their own old place.
  /// Entries that may not be removed stay.
  void refuse_conflicts(Objects& objects, Problems& problems) const;

  /// Who must leave a place before another object takes it, is created around or below it, or purges it; and
  /// directories before their content.
  void add_waits(Waits& waits) const;
  /// What else must be done before an object leaves its place. Call after all other waits are known.
  void add_waits_to_leave(Waits& waits) const;

  /// Whether the object leaves the inventory without any change to the device, because another one of its
  /// kind takes over everything that it has.
  bool is_taken_over(std::size_t number) const { return successors_.contains(number); }

 private:
  struct Duplicate {
    std::string_view claim;
    std::size_t first;
    std::size_t second;
  };

  bool wants(std::size_t number, std::string_view claim) const;
  bool has(std::size_t number, std::string_view claim) const;
  bool has_file(std::size_t number, std::string_view claim) const;
  bool is_going(std::size_t number) const;
  bool may_give_up(std::size_t number) const;
  std::vector<std::size_t> holders(std::string_view claim, std::size_t than) const;
  void find_successor(std::size_t number);
  void refuse_own_place(std::size_t number, Objects& objects, Problems& problems) const;

  void wait_for_places(std::size_t number, Waits& waits) const;
  void wait_for(std::size_t holder, std::size_t number, std::string_view claim, Waits& waits) const;
  void wait_for_the_way(std::size_t number, Waits& waits) const;
  void wait_for_those_inside(std::size_t number, Waits& waits) const;
  bool may_succeed(std::size_t number, std::size_t holder, const std::vector<std::string_view>& places) const;
  void wait_for_others_in_place(std::size_t number, Waits& waits) const;
  void wait_to_be_emptied(std::size_t number, Waits& waits) const;

  const Objects& objects_;
  const Places& places_;
  const Contents& contents_;
  std::unordered_map<std::string_view, std::size_t> owners_;
  std::vector<Duplicate> duplicates_;
  std::unordered_map<std::size_t, std::size_t> successors_;
  bool anything_given_up_ = false;
};

}  // namespace greenwave::plan
