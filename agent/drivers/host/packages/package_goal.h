#pragma once

#include <optional>
#include <string>

#include "drivers/host/packages/package_driver.h"
#include "drivers/host/packages/package_record.h"

namespace greenwave::drivers::host {

/// "it needs libfoo (>= 2), which the device does not have; …"; empty: no objections.
std::string in_words(const dpkg::Objections& objections);

/// What a step is to reach.
struct PackageGoal {
  PackageRecord record;
  PackageNow wanted{};                ///< empty version: not installed
  bool any_version = false;           ///< whatever is installed; else exactly wanted.version
  std::optional<bool> held{};         ///< none: as it is
  std::optional<PackageSpec> spec{};  ///< none: the manifest is gone, and `wanted` is what was before it
  const Manifest* manifest = nullptr;
  std::optional<dpkg::Package> deb{};  ///< to install, where it is known

  bool goes() const { return !any_version && wanted.version.empty(); }
  /// Null: the device does not know the package.
  bool is_reached(const dpkg::Package* package) const;
};

/// What the packages of one render are to become, and whether that is possible. Changes nothing.
class PackageGoals {
 public:
  PackageGoals(PackageTools& tools, const Render& render) : tools_(tools), render_(render) {}

  /// `entry`: null where the object is new. Throws Error: invalid where the manifest is wrong.
  PackageGoal goal_of(const plan::Desired& desired, const Entry* entry);
  PackageGoal goal_of(const plan::Step& step);

  /// Throws Error (conflict) where not even the device as the manifests want it allows the goal.
  void refuse_impossible(const PackageGoal& goal);
  /// Why the device as it is now does not allow the goal; empty: it does.
  std::string in_the_way(const PackageGoal& goal);
  /// Whether another object that is still to come or go may clear the way.
  bool may_pass(const PackageGoal& goal);

 private:
  static PackageGoal goal_of_removal(const Entry& entry);
  dpkg::Package checked_deb(const PackageSpec& spec, const Manifest& manifest);
  const dpkg::Table& final_table();

  PackageTools& tools_;
  const Render render_;
  std::optional<dpkg::Table> final_;
};

}  // namespace greenwave::drivers::host
