#pragma once

#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/podman/play_kube.h"
#include "drivers/podman/podman.h"
#include "drivers/podman/session.h"
#include "drivers/workload/material.h"

namespace greenwave::drivers::podman {

/// Seconds since 1970.
std::int64_t seconds_now();
/// Seconds of a clock that nobody sets: NTP must not change how long a crashing pod stays stopped.
std::int64_t seconds_up();

class PodComparison : public Comparison {
 public:
  PodComparison(Podman& podman, PodSession& session, const Render& render)
      : podman_(podman), session_(session), desired_(render.desired), store_(render.desired) {}

  plan::Difference difference(const Candidate& candidate) override;
  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override;
  void finish() override;

 private:
  plan::Difference compare_workload(const plan::Desired& desired, const Entry* entry);
  plan::Difference compare_service(const plan::Desired& desired, const Entry* entry);
  ClusterService service_of(const Manifest& manifest);
  std::vector<KubePod> kube_pods_with_names(const Manifest& manifest, const workload::Workload& workload);
  void lead_services();
  StepResult apply_one(const plan::Step& step);
  void apply_workload(const plan::Step& step, StepResult& result);
  std::string compare_job(const ObjectId& id, const workload::Workload& workload,
                          const std::vector<KubePod>& kube_pods, const Pods& pods, const PodRecord& record);
  void apply_job(const plan::Step& step, const workload::Workload& workload,
                 const std::vector<KubePod>& kube_pods, StepResult& result);
  void prune_images(const Pods& before, std::vector<std::string>& pulled);
  void stop_between_tries(const std::string& pod, std::chrono::seconds grace);
  void stop_unsafe(const Pods& pods, const std::vector<KubePod>& kube_pods);
  void hold_back(const Pods& pods, const std::vector<KubePod>& kube_pods);
  void remove(const plan::Step& step, StepResult& result);

  Podman& podman_;
  PodSession& session_;
  const std::span<const plan::Desired> desired_;
  const workload::Store store_;
};

}  // namespace greenwave::drivers::podman
