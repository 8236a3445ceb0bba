// Jobs: how one differs from what was applied, and what is done about it.

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/podman/comparison.h"
#include "drivers/podman/rollout.h"

namespace greenwave::drivers::podman {

namespace {

/// As if these had been applied before.
PodRecord record_of(const workload::Workload& workload, const std::vector<KubePod>& kube_pods,
                    const PodRecord& known) {
  PodRecord record{{}, workload.restart, true, known.pulled, {}, workload.job};
  for (const auto& kube_pod : kube_pods) {
    const auto before = std::ranges::find(known.pods, kube_pod.pod, &PodRecord::Pod::name);
    record.pods.push_back(before != known.pods.end() ? *before
                                                     : PodRecord::Pod{kube_pod.pod, kube_pod.digest, {}, {}});
  }
  if (!kube_pods.empty()) record.host_paths = kube_pods.front().host_paths;
  return record;
}

}  // namespace

/// What is to be done for a Job, for people; empty: nothing.
std::string PodComparison::compare_job(const ObjectId& id, const workload::Workload& workload,
                                       const std::vector<KubePod>& kube_pods, const Pods& pods,
                                       const PodRecord& record) {
  const auto own = record_of(workload, kube_pods, record);
  const bool is_new = std::ranges::none_of(own.pods, [&](const PodRecord::Pod& pod) {
    return pods.contains(pod.name) || !pod.containers.empty();
  });
  if (is_new && workload.job->suspended) return {};
  if (is_new) return fmt::format("+pod {} ({})\n", kube_pods.front().pod, images_in(kube_pods));
  if (record.job != workload.job) return " change how the Job runs\n";
  const auto state = podman_.jobs.look(id, own, pods);
  return state.why.empty() ? "" : fmt::format(" {}\n", state.why);
}

void PodComparison::apply_job(const plan::Step& step, const workload::Workload& workload,
                              const std::vector<KubePod>& kube_pods, StepResult& result) {
  const auto& pods = session_.view().of(label_of(step.id));
  Rollout rollout(podman_.service, podman_.images, podman_.rules, podman_.stops, &podman_.starts);
  auto record = record_of(workload, kube_pods,
                          step.entry != nullptr ? pod_record_from(step.entry->record) : PodRecord());
  for (const auto& image : kube_pods.front().images) podman_.images.bring(image, record.pulled);
  Pods old = pods;
  std::erase_if(old, [&](const auto& pod) {
    return std::ranges::find(kube_pods, pod.first, &KubePod::pod) != kube_pods.end();
  });
  if (workload.job->suspended) {
    std::ranges::copy_if(pods, std::inserter(old, old.end()),
                         [](const auto& pod) { return is_under_way(pod.second); });
  }
  if (!old.empty() || workload.job->suspended) podman_.jobs.forget(step.id);
  rollout.remove(old);
  if (workload.job->suspended) {
    for (auto& pod : record.pods) {
      if (old.contains(pod.name)) pod.containers.clear();  // it has not run yet
    }
    result.entry.record = to_json(record);
    return;
  }
  const auto state =
      podman_.jobs.begin(podman_.service, {step.id, *workload.job, kube_pods, gone_after_run(record, pods)});
  session_.forget_view();
  for (const auto& [name, containers] : session_.view().of(label_of(step.id))) {
    const auto known = std::ranges::find(record.pods, name, &PodRecord::Pod::name);
    if (known == record.pods.end()) continue;
    known->containers.clear();
    for (const auto& one : containers) known->containers.push_back(one.id);
  }
  if (podman_.settings.prune_images) prune_images(pods, record.pulled);
  result.entry.record = to_json(record);
  if (state.lost) {
    result.fail(Error(Fault::invalid, state.why, "change its manifest, or its name, to run it again"));
  } else if (!state.why.empty()) {
    result.fail(Error(Fault::transient, state.why, "greenwave show prints the end of its log"));
  }
}

}  // namespace greenwave::drivers::podman
