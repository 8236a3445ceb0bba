#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/podman/cron/cron_parts.h"
#include "drivers/podman/play_kube.h"
#include "drivers/workload/material.h"

namespace greenwave::drivers::podman {

class CronComparison : public Comparison {
 public:
  /// `unreachable` is set if podman does not answer.
  CronComparison(Cron& cron, RunningTimers timers, const Render& render,
                 std::optional<std::string>& unreachable)
      : cron_(cron),
        timers_(std::move(timers)),
        store_(render.desired),
        places_(render.places),
        unreachable_(unreachable) {}

  plan::Difference difference(const Candidate& candidate) override;
  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override;

 private:
  struct Wanted {
    CronParts parts;
    std::vector<workload::Image> images;
  };
  struct Work;

  Wanted wanted(const Manifest& manifest) const;
  Work prepare(const plan::Step& step);
  CronRecord bring_images(const std::vector<workload::Image>& images, const CronRecord& known);
  std::string remove(const Entry& entry);
  const ObjectId* other_of(const ObjectId& id, const std::string& unit) const;

  Cron& cron_;
  const RunningTimers timers_;
  const workload::Store store_;
  const plan::Places* const places_;
  std::optional<std::string>& unreachable_;
};

}  // namespace greenwave::drivers::podman
