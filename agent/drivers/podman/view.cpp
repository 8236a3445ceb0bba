#include "drivers/podman/view.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"

namespace greenwave::drivers::podman {

namespace {

bool has_ended(const Container& container) {
  return container.state == "exited" || container.state == "stopped";
}

std::string state_in_words(const Container& container) {
  if (!has_ended(container)) return fmt::format("is {}", printable(container.state));
  return fmt::format("ended with exit status {}", container.exit_code);
}

Health health_of(const Container& container, const PodRecord& record, std::int64_t now, std::int64_t settle,
                 const std::map<std::string, std::string>& unready) {
  const auto say = [&](Health::State state, std::string how) {
    return Health{state, fmt::format("{} {}", container.name, how)};
  };
  if (container.is_running()) {
    if (container.health == "unhealthy") return say(Health::State::waiting, "fails its image's health check");
    if (container.health == "starting")
      return say(Health::State::waiting, "waits for its image's health check");
    const auto probed = unready.find(container.id);
    if (!record.once && probed != unready.end()) return say(Health::State::waiting, probed->second);
    const auto age = now - container.started;  // negative: the clock was set back since
    if (!record.once && age >= 0 && age < settle) return say(Health::State::waiting, "has just started");
    return {};
  }
  if (record.restart != "Always" && has_ended(container)) {
    if (container.exit_code == 0) return {};
    const auto state = record.restart == "Never" ? Health::State::bad : Health::State::waiting;
    return say(state, state_in_words(container));
  }
  return say(Health::State::waiting, state_in_words(container));
}

}  // namespace

View::View(std::vector<Container> containers) {
  for (auto& container : containers) {
    auto& pod = all_[container.object][container.pod];
    pod.push_back(std::move(container));
  }
}

const Pods& View::of(const std::string& object) const {
  static const Pods none;
  const auto found = all_.find(object);
  return found == all_.end() ? none : found->second;
}

bool is_up(const Container& container, const std::string& restart) {
  if (container.is_running()) return true;
  return has_ended(container) && (restart == "Never" || (restart == "OnFailure" && container.exit_code == 0));
}

std::optional<std::string> drift_of(const PodRecord& record, const Pods& pods) {
  for (const auto& known : record.pods) {
    const auto found = pods.find(known.name);
    if (found == pods.end()) {
      // What has run once must not run again because someone tidied up.
      if (record.once) continue;
      return fmt::format("the pod {} is gone", known.name);
    }
    for (const auto& id : known.containers) {
      const auto same = std::ranges::find(found->second, id, &Container::id);
      if (same == found->second.end())
        return fmt::format("a container of the pod {} was removed", known.name);
      if (!is_up(*same, record.restart)) return fmt::format("{} {}", same->name, state_in_words(*same));
    }
  }
  for (const auto& [name, containers] : pods) {
    if (std::ranges::find(record.pods, name, &PodRecord::Pod::name) == record.pods.end()) {
      return fmt::format("the pod {} is left over", name);
    }
  }
  return {};
}

PodState state_of(const KubePod& kube_pod, const workload::Workload& workload, const Pods& pods,
                  const PodRecord& record) {
  const auto found = pods.find(kube_pod.pod);
  if (found == pods.end()) {
    const bool has_run = workload.once && std::ranges::find(record.pods, kube_pod.pod,
                                                            &PodRecord::Pod::name) != record.pods.end();
    return has_run ? PodState::up : PodState::missing;
  }
  const auto& containers = found->second;
  for (const auto& name : kube_pod.containers) {
    if (std::ranges::find(containers, name, &Container::name) == containers.end()) return PodState::broken;
  }
  const auto up = [&](const Container& container) {
    const bool runs = contains(kube_pod.containers, container.name);
    return !runs || is_up(container, workload.restart);  // an init container has ended
  };
  return std::ranges::all_of(containers, up) ? PodState::up : PodState::stopped;
}

Health health_of(const PodRecord& record, const Pods& pods, std::int64_t now, std::int64_t settle,
                 const std::map<std::string, std::string>& unready) {
  for (const auto& known : record.pods) {
    const auto found = pods.find(known.name);
    if (found == pods.end()) {
      if (record.once) continue;
      return {Health::State::waiting, fmt::format("the pod {} is gone", known.name)};
    }
    for (const auto& container : found->second) {
      if (!contains(known.containers, container.id)) continue;
      auto health = health_of(container, record, now, settle, unready);
      if (health.state != Health::State::good) return health;
    }
  }
  return {};
}

}  // namespace greenwave::drivers::podman
