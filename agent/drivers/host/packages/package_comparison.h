#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drivers/host/packages/package_driver.h"
#include "drivers/host/packages/package_goal.h"

namespace greenwave::drivers::host {

/// Packages of one render, compared with dpkg's record.
class PackageComparison : public Comparison {
 public:
  PackageComparison(PackageTools& tools, const Render& render)
      : tools_(tools), render_(render), goals_(tools, render) {}

  plan::Difference difference(const Candidate& candidate) override;
  /// A step that another one of the batch blocks comes after that.
  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override;

 private:
  bool is_put_off(const plan::Step& step);
  StepResult apply_one(const plan::Step& step);
  std::string bring(PackageGoal& goal);
  PackageJob job_for(PackageGoal& goal, const dpkg::Package* package);
  bool find_deb(PackageGoal& goal, PackageJob& job);
  std::vector<std::string> others_managed(const std::string& name) const;
  void drop_others(const PackageGoal& goal, const PackageNow& former);

  PackageTools& tools_;
  const Render render_;
  PackageGoals goals_;
};

}  // namespace greenwave::drivers::host
