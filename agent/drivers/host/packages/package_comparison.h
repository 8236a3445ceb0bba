#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "drivers/host/packages/package_driver.h"
#include "drivers/host/packages/package_record.h"

namespace greenwave::drivers::host {

/// Packages of one render, compared with dpkg's record.
class PackageComparison : public Comparison {
 public:
  PackageComparison(PackageTools& tools, const Render& render) : tools_(tools), render_(render) {}

  plan::Difference difference(const Candidate& candidate) override;
  /// Steps that others of the same batch are in the way of come after those.
  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override;

 private:
  /// What a step comes to.
  struct Goal {
    PackageRecord record;
    PackageNow wanted{};                ///< an empty version: it is to go
    bool any_version = false;           ///< what is there stays; else wanted.version is to be there
    std::optional<bool> held{};         ///< none: as it is
    std::optional<PackageSpec> spec{};  ///< of a manifest; none: it is given back
    const Manifest* manifest = nullptr;
    std::optional<dpkg::Package> deb{};  ///< what comes, where that is known

    bool goes() const { return !any_version && wanted.version.empty(); }
  };

  Goal goal_of(const plan::Desired& desired, const Entry* entry);
  static Goal goal_of_removal(const Entry& entry);
  Goal goal_of(const plan::Step& step);
  dpkg::Package checked_deb(const PackageSpec& spec, const Manifest& manifest);
  const dpkg::Table& final_table();
  void refuse_impossible(const Goal& goal);
  /// What of the device as it is now speaks against the goal; empty: nothing.
  std::string in_the_way(const Goal& goal);
  bool is_put_off(const plan::Step& step);
  bool may_pass(const Goal& goal);

  StepResult apply_one(const plan::Step& step);
  std::string bring(Goal& goal);
  PackageJob job_for(Goal& goal, const dpkg::Package* package);
  bool find_deb(Goal& goal, PackageJob& job);
  std::vector<std::string> others_managed(const std::string& name) const;
  void drop_others(const Goal& goal, const PackageNow& former);

  PackageTools& tools_;
  const Render render_;
  std::optional<dpkg::Table> final_;
};

}  // namespace greenwave::drivers::host
