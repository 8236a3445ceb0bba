#pragma once

#include <map>
#include <span>
#include <string>

#include "drivers/transition.h"
#include "impact/impact.h"
#include "impact/transfer_size.h"
#include "plan/plan.h"
#include "render/fleet.h"

namespace greenwave::city {

/// What the objects of one device become, and what its steps come to.
class Effects {
 public:
  Effects(const render::Fleet& base, const render::Fleet& head, TransferSize& transfer_size)
      : base_(base), head_(head), transfer_size_(transfer_size) {}

  /// Compares an object of the head with what is in its place at the base; null: nothing. Call before adding
  /// its step.
  void add_object(const render::Variant* was, const render::Variant& is);
  std::map<ObjectId, plan::Difference> differences() const;

  /// What restarts a unit because an alias of it comes or goes: an object that defines something for that.
  void add_renamed(std::span<const plan::Desired> desired, std::span<const Entry> inventory,
                   plan::Plan& plan) const;

  /// `uncertain` as in Change.
  void add_step(const plan::Step& step, bool uncertain, Group& group);

 private:
  struct Found {
    drivers::Transition transition;
    std::uint64_t bytes = 0;
    std::string caution{};  ///< as in Change
  };

  const render::Fleet& base_;
  const render::Fleet& head_;
  TransferSize& transfer_size_;
  std::map<ObjectId, Found> found_;
};

/// "update", "restart", … for people.
std::string step_verb(const plan::Step& step, bool uncertain);

/// A unified diff of an object's manifest and of its source. Of a secret it says only that it changed.
std::string manifest_diff(const render::Fleet& base, const render::Variant* was, const render::Fleet& head,
                          const render::Variant* is);

/// The device's wave; empty: it follows the branch.
std::string wave_name(const Cluster& cluster, const Device& device);

}  // namespace greenwave::city
