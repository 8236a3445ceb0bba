#include "drivers/podman/comparison.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/apply_each.h"
#include "drivers/podman/host_paths.h"
#include "drivers/podman/limits.h"
#include "drivers/podman/make.h"
#include "drivers/podman/rollout.h"
#include "drivers/podman/stop.h"

namespace greenwave::drivers::podman {

namespace {

constexpr int most_stops = 10;
constexpr auto stop_look = std::chrono::milliseconds(300);

workload::Workload read_checked(const Manifest& manifest, const workload::Rules& rules) {
  Problems problems;
  auto workload = read_runnable(manifest, rules, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  return workload;
}

/// "+web.signals at 198.18.1.2, tcp 80 to 8080 of its pods", a line each.
std::vector<std::string> ways_of(const ClusterService& service) {
  const auto name = fmt::format("+{}.{}", service.name, service.space);
  if (service.is_headless()) return {name + " at its pods"};
  std::vector<std::string> ways;
  for (const auto& port : service.ports) {
    ways.push_back(port.target == 0 ? fmt::format("{} at {}, {} {} to no pod: none has a port of that name",
                                                  name, service.address, port.protocol, port.number)
                                    : fmt::format("{} at {}, {} {} to {} of its pods", name, service.address,
                                                  port.protocol, port.number, port.target));
  }
  return ways;
}

std::string images_in(const Pods& pods) {
  std::set<std::string> images;
  for (const auto& [name, containers] : pods) {
    for (const auto& container : containers) images.insert(container.image);
  }
  std::string text;
  for (const auto& image : images) text += (text.empty() ? "" : ", ") + printable(image);
  return text;
}

}  // namespace

plan::Difference PodComparison::difference(const Candidate& candidate) {
  const auto& [desired, entry] = candidate;
  const auto& id = desired->manifest.id;
  plan::Difference difference;
  if (workload::is_material(id)) {
    if (entry != nullptr && entry->digest == desired->manifest.digest) return difference;
    const bool fresh = entry == nullptr || entry->digest.is_zero();
    difference.kind = fresh ? plan::Difference::Kind::create : plan::Difference::Kind::change;
    difference.diff = fmt::format("{} {}\n", to_string(id), fresh ? "is new" : "changes");
    return difference;
  }
  if (podman_.leaves_out()) return difference;
  if (is_service(id)) return compare_service(*desired, entry);
  return is_claim(id) ? session_.claims().compare(id, entry) : compare_workload(*desired, entry);
}

ClusterService PodComparison::service_of(const Manifest& manifest) {
  Problems problems;
  auto service = read_service(manifest, desired_, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  if (!is_headless(manifest)) service.address = podman_.network.address_of(manifest.id);
  return service;
}

plan::Difference PodComparison::compare_service(const plan::Desired& desired, const Entry* entry) {
  plan::Difference difference;
  const auto service = service_of(desired.manifest);
  const bool is_new = entry == nullptr || entry->record.empty();
  const auto fault = is_new ? std::nullopt : session_.network_fault();
  if (!is_new && entry->record == to_json(service) && !fault) return difference;
  difference.kind = is_new ? plan::Difference::Kind::create : plan::Difference::Kind::change;
  difference.diff =
      fault ? fmt::format(" {}\n", *fault) : fmt::format("{}\n", fmt::join(ways_of(service), "\n"));
  return difference;
}

plan::Difference PodComparison::compare_workload(const plan::Desired& desired, const Entry* entry) {
  const auto record = entry != nullptr ? pod_record_from(entry->record) : PodRecord();
  const auto& manifest = desired.manifest;
  const auto workload = read_checked(manifest, podman_.rules);
  const auto kube_pods = kube_pods_of(manifest, workload, podman_.rules, store_, podman_.digest_key);
  const auto& pods = session_.view().of(label_of(manifest.id));
  plan::Difference difference;
  if (workload.job) {
    difference.diff = compare_job(manifest.id, workload, kube_pods, pods, record);
    if (!difference.diff.empty()) difference.kind = plan::Difference::Kind::change;
  }
  for (const auto& kube_pod : kube_pods) {
    if (workload.job) break;
    const auto state = state_of(kube_pod, workload, pods, record);
    if (state == PodState::up && podman_.crashes.loops(kube_pod.pod)) {
      difference.kind = plan::Difference::Kind::change;
      difference.diff += fmt::format(" stop pod {} for a while\n", kube_pod.pod);
    }
    const auto unsafe =
        state == PodState::up ? unsafe_host_path(podman_.rules, kube_pod.host_paths) : std::nullopt;
    if (unsafe) {
      difference.kind = plan::Difference::Kind::change;
      difference.diff += fmt::format(" stop pod {}: {}\n", kube_pod.pod, *unsafe);
    }
    if (state == PodState::up) continue;
    difference.kind = plan::Difference::Kind::change;
    difference.diff += state == PodState::stopped
                           ? fmt::format(" start pod {}\n", kube_pod.pod)
                           : fmt::format("+pod {} ({})\n", kube_pod.pod, images_in(kube_pods));
  }
  for (const auto& [name, containers] : pods) {
    if (std::ranges::find(kube_pods, name, &KubePod::pod) != kube_pods.end()) continue;
    difference.kind = plan::Difference::Kind::change;
    difference.diff += fmt::format("-pod {} ({})\n", name, images_in({{name, containers}}));
    const auto runs = std::ranges::any_of(containers, &Container::is_running);
    if (runs) difference.disruption = plan::Disruption::whole;
  }
  if (difference.kind == plan::Difference::Kind::none) return difference;
  if (pods.empty()) difference.kind = plan::Difference::Kind::create;
  difference.was = images_in(pods);
  return difference;
}

void PodComparison::finish() {
  lead_services();
}

void PodComparison::apply(std::span<const plan::Step* const> steps, const ReportStep& report,
                          const std::function<bool()>& stop) {
  session_.forget_view();  // a batch before this one may have changed it
  apply_each(steps, report, stop, [this](const plan::Step& step) {
    try {
      auto result = apply_one(step);
      if (workload::is_workload(step.id)) lead_services();
      return result;
    } catch (const Error&) {
      session_.forget_view();
      throw;
    }
  });
}

/// A pod that takes another's place is found at once. What fails here is no fault of the pod's or the
/// commit's: the next look says it of the Services.
void PodComparison::lead_services() {
  try {
    podman_.refresh_network();
  } catch (const Error&) {
    session_.forget_view();
  }
}

StepResult PodComparison::apply_one(const plan::Step& step) {
  StepResult result;
  result.ok = true;
  if (step.entry != nullptr) result.entry = *step.entry;
  const bool only_restarts = step.verb == plan::Verb::restart || step.verb == plan::Verb::reload;
  if (only_restarts && step.wait == plan::Wait::restart) {
    result.owes_restart = true;
  } else if (step.desired == nullptr) {
    remove(step, result);
  } else if (workload::is_workload(step.id)) {
    apply_workload(step, result);
  } else if (is_service(step.id)) {
    if (podman_.leaves_out()) return result;
    auto service = service_of(step.desired->manifest);
    result.entry.live = true;
    result.entry.record = to_json(service);
    podman_.network.put(step.id, std::move(service));
    podman_.refresh_network();
  } else if (is_claim(step.id)) {
    if (podman_.leaves_out()) return result;
    result.entry.record = session_.claims().apply(step);
    if (step.entry != nullptr && step.entry->record != result.entry.record)
      session_.forget_view();  // pods that used the volume before may be gone
  }
  return result;
}

/// Pods know the Services' names from their beginning. What they are called does not make pods other ones.
std::vector<KubePod> PodComparison::kube_pods_with_names(const Manifest& manifest,
                                                         const workload::Workload& workload) {
  auto kube_pods = kube_pods_of(manifest, workload, podman_.rules, store_, podman_.digest_key);
  const auto lines = podman_.network.fixed_lines(space_of(manifest.id));
  if (lines.empty()) return kube_pods;
  for (auto& kube_pod : kube_pods) kube_pod = with_host_aliases(std::move(kube_pod), lines);
  return kube_pods;
}

void PodComparison::apply_workload(const plan::Step& step, StepResult& result) {
  result.entry.live = true;
  if (podman_.leaves_out()) return;
  const auto& manifest = step.desired->manifest;
  const auto workload = read_checked(manifest, podman_.rules);
  const auto kube_pods = kube_pods_with_names(manifest, workload);
  const auto known = step.entry != nullptr ? pod_record_from(step.entry->record) : PodRecord();
  if (workload.job) {
    apply_job(step, workload, kube_pods, result);
    return;
  }
  const auto& pods = session_.view().of(label_of(step.id));
  stop_unsafe(pods, kube_pods);
  hold_back(pods, kube_pods);
  Rollout rollout(podman_.service, podman_.images, podman_.rules, podman_.stops, &podman_.starts);
  const auto excuse = [&] {
    for (const auto& [name, containers] : pods) podman_.crashes.excuse(name);
  };
  const auto unready = [&](const KubePod& kube_pod) {
    const View now(podman_.containers());
    PodRecord one;
    one.pods.push_back({kube_pod.pod, kube_pod.digest, {}});
    one.restart = workload.restart;
    const auto& board = podman_.prober.board();
    return health_of(one, now.of(label_of(step.id)), seconds_now(), 0, board->unready()).reason;
  };
  Rolled rolled;
  try {
    rolled = workload.set ? rollout.bring_in_order(step.id, workload, kube_pods, pods, known, unready)
                          : rollout.bring(step.id, workload, kube_pods, pods, known);
  } catch (const Error&) {
    excuse();  // the old pod was started again
    throw;
  }
  excuse();
  for (const auto& pod : rolled.record.pods) podman_.crashes.excuse(pod.name);
  if (podman_.settings.prune_images) prune_images(pods, rolled.record.pulled);
  result.entry.record = to_json(rolled.record);
  if (rolled.waits) result.fail(*rolled.waits);
}

/// Podman keeps images that containers use. Those of the pods before stay too: a revert needs them, perhaps
/// without a registry.
void PodComparison::prune_images(const Pods& before, std::vector<std::string>& pulled) {
  std::set<std::string> used;
  for (const auto& [name, containers] : before) {
    for (const auto& container : containers) used.insert(container.image_id);
  }
  std::erase_if(pulled, [&](const std::string& image) {
    return !used.contains(image) && podman_.service.remove_image(image);
  });
}

/// Podman restarts a container that has just ended even after a stop, unless the stop finds it running.
void PodComparison::stop_between_tries(const std::string& pod, std::chrono::seconds grace) {
  for (int tries = 0; tries < most_stops; ++tries) {
    podman_.service.stop_pod(pod, grace);
    std::this_thread::sleep_for(stop_look);
    const auto containers = podman_.service.containers();
    const auto runs = [&](const Container& one) { return one.pod == pod && one.is_running(); };
    if (std::ranges::none_of(containers, runs)) return;
  }
}

/// Stops pods that would see another place of the host at their next start, and throws Error.
void PodComparison::stop_unsafe(const Pods& pods, const std::vector<KubePod>& kube_pods) {
  for (const auto& kube_pod : kube_pods) {
    const auto unsafe = unsafe_host_path(podman_.rules, kube_pod.host_paths);
    const auto found = pods.find(kube_pod.pod);
    if (!unsafe || found == pods.end()) continue;
    if (std::ranges::any_of(found->second, &Container::is_running))
      stop_between_tries(kube_pod.pod, grace_of(found->second));
  }
  for (const auto& kube_pod : kube_pods) check_host_paths(podman_.rules, kube_pod.host_paths);
}

/// Throws Error while a pod that keeps crashing stays stopped.
void PodComparison::hold_back(const Pods& pods, const std::vector<KubePod>& kube_pods) {
  const auto now = seconds_up();
  for (const auto& kube_pod : kube_pods) {
    if (!pods.contains(kube_pod.pod)) continue;
    if (podman_.crashes.loops(kube_pod.pod)) {
      stop_between_tries(kube_pod.pod, grace_of(pods.at(kube_pod.pod)));
      podman_.crashes.hold(kube_pod.pod, now);
    }
    if (!podman_.crashes.is_held(kube_pod.pod, now)) continue;
    throw Error(Fault::invalid,
                fmt::format("the pod {} keeps crashing; it stays stopped for {} between tries", kube_pod.pod,
                            to_words(std::chrono::seconds(podman_.crashes.pause(kube_pod.pod)))),
                "greenwave show prints the end of its log");
  }
}

void PodComparison::remove(const plan::Step& step, StepResult& result) {
  if (!podman_.live) return;
  if (workload::is_workload(step.id)) {
    podman_.jobs.forget(step.id);
    const auto& pods = session_.view().of(label_of(step.id));
    Rollout(podman_.service, podman_.images, podman_.rules, podman_.stops, &podman_.starts).remove(pods);
    for (const auto& [name, containers] : pods) podman_.crashes.excuse(name);
    if (step.id.kind == "StatefulSet")
      result.note = session_.claims().remove_own(step.id, podman_.settings.prune_volumes);
    if (!podman_.settings.prune_images) return;
    for (const auto& image : pod_record_from(step.entry->record).pulled) podman_.service.remove_image(image);
  } else if (is_service(step.id)) {
    podman_.network.forget(step.id);
    podman_.refresh_network();
  } else if (is_claim(step.id)) {
    result.note = session_.claims().remove(*step.entry, podman_.settings.prune_volumes);
  }
}

}  // namespace greenwave::drivers::podman
