#include "drivers/podman/rollout.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "drivers/podman/host_paths.h"
#include "drivers/podman/prepare.h"

namespace greenwave::drivers::podman {

namespace {

/// Conmon writes a container's output there if it must log to the journal.
constexpr const char* journal = "/run/systemd/journal/socket";

}  // namespace

PodRecord Rollout::bring(const ObjectId& id, const workload::Workload& workload,
                         const std::vector<KubePod>& kube_pods, const Pods& pods, const PodRecord& known) {
  auto pulled = known.pulled;
  std::vector<const KubePod*> to_make;
  std::vector<const KubePod*> to_start;
  for (const auto& kube_pod : kube_pods) {
    const auto state = state_of(kube_pod, workload, pods, known);
    if (state == PodState::missing || state == PodState::broken) to_make.push_back(&kube_pod);
    if (state == PodState::stopped) to_start.push_back(&kube_pod);
  }
  std::vector<std::string> old;
  for (const auto& [name, containers] : pods) {
    if (std::ranges::find(kube_pods, name, &KubePod::pod) == kube_pods.end()) old.push_back(name);
  }
  for (const auto* kube_pod : to_make) {
    check_host_paths(rules_, kube_pod->host_paths);
    for (const auto& image : kube_pod->images) {
      images_.bring(image, pulled);
    }
  }
  std::map<std::string, std::vector<std::string>> made;
  try {
    for (const auto* kube_pod : to_make)
      made[kube_pod->pod] = make(id, *kube_pod, pods.contains(kube_pod->pod));
    exchange(to_make, old, pods);
  } catch (const Error&) {
    for (const auto* kube_pod : to_make) discard(kube_pod->pod);
    throw;
  }
  for (const auto* kube_pod : to_start) {
    const auto paused = [](const Container& container) { return container.state == "paused"; };
    if (std::ranges::any_of(pods.at(kube_pod->pod), paused)) service_.unpause_pod(kube_pod->pod);
    start(*kube_pod);
  }
  for (const auto& name : old) discard(name);

  PodRecord record{{}, workload.restart, workload.once, std::move(pulled)};
  if (!kube_pods.empty()) record.host_paths = kube_pods.front().host_paths;  // all have the same
  for (const auto& kube_pod : kube_pods) {
    auto& ids = made[kube_pod.pod];
    if (const auto kept = pods.find(kube_pod.pod); ids.empty() && kept != pods.end()) {
      for (const auto& container : kept->second) {
        const bool runs = contains(kube_pod.containers, container.name);
        if (runs) ids.push_back(container.id);
      }
    }
    record.pods.push_back({kube_pod.pod, kube_pod.digest, std::move(ids)});
  }
  return record;
}

std::vector<std::string> Rollout::remake(const ObjectId& id, const KubePod& kube_pod, const Pods& old) {
  check_host_paths(rules_, kube_pod.host_paths);
  remove(old);
  auto containers = make(id, kube_pod, false);
  start(kube_pod);
  return containers;
}

/// Returns the ids of its containers.
std::vector<std::string> Rollout::make(const ObjectId& id, const KubePod& kube_pod, bool is_broken) {
  const auto try_it = [&] {
    const auto sheet = prepare(service_, rules_, id, kube_pod);
    const bool has_journal = std::filesystem::exists(journal);
    return service_.play(sheet, has_journal ? to_string(id) : "");
  };
  if (is_broken) discard(kube_pod.pod);
  try {
    return try_it();
  } catch (const Error&) {
    // A power cut may have left part of the pod, without labels.
    discard(kube_pod.pod);
    return try_it();
  }
}

/// Stops the old pods one by one as the new ones start, so that both can use the same ports.
void Rollout::exchange(const std::vector<const KubePod*>& made, const std::vector<std::string>& old,
                       const Pods& pods) {
  std::size_t stopped = 0;
  std::size_t started = 0;
  try {
    for (; started < made.size(); ++started) {
      if (stopped < old.size()) service_.stop_pod(old[stopped++]);
      start(*made[started]);
    }
  } catch (const Error&) {
    // A new pod may hold an old one's port.
    for (std::size_t i = 0; i <= started && i < made.size(); ++i) service_.remove_pod(made[i]->pod);
    for (std::size_t i = 0; i < stopped; ++i) {
      for (const auto& container : pods.at(old[i])) check_mounts(rules_, service_, container.id);
      service_.start_pod(old[i]);
    }
    throw;
  }
}

void Rollout::start(const KubePod& kube_pod) {
  check_host_paths(rules_, kube_pod.host_paths);
  service_.start_pod(kube_pod.pod);
}

void Rollout::discard(const std::string& pod) {
  service_.remove_pod(pod);
  for (const auto& volume : service_.volumes(labels::pod, pod)) service_.remove_volume(volume);
  clear_volumes(rules_, pod);
}

void Rollout::remove(const Pods& pods) {
  for (const auto& [name, containers] : pods) discard(name);
}

}  // namespace greenwave::drivers::podman
