#include "drivers/podman/view.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::drivers::podman {

namespace {

std::string state_in_words(const Container& container) {
  if (!container.has_ended()) return fmt::format("is {}", printable(container.state));
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
  if (record.restart != "Always" && container.has_ended()) {
    if (container.exit_code == 0) return {};
    const auto state = record.restart == "Never" ? Health::State::bad : Health::State::waiting;
    return say(state, state_in_words(container));
  }
  return say(Health::State::waiting, state_in_words(container));
}

/// A sidecar ends with the others.
bool is_spent(const Container& container, const std::vector<Container>& pod) {
  return container.role == Container::Role::sidecar && std::ranges::none_of(pod, [](const Container& one) {
           return one.role == Container::Role::main && one.is_running();
         });
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
  return container.has_ended() &&
         (restart == "Never" || (restart == "OnFailure" && container.exit_code == 0));
}

std::string unfit(const std::vector<Container>& pod, const std::string& restart) {
  const auto is_main = [](const Container& one) { return one.role == Container::Role::main; };
  bool over = true;
  for (const auto& one : pod) {
    if (!is_main(one)) continue;
    if (!is_up(one, restart)) return fmt::format("{} {}", one.name, state_in_words(one));
    over = over && !one.is_running();
  }
  const auto needed = [&](const Container& one) {
    return one.role == Container::Role::sidecar && !over && !one.is_running();
  };
  const auto down = std::ranges::find_if(pod, needed);
  return down == pod.end() ? "" : fmt::format("{} {}", down->name, state_in_words(*down));
}

std::optional<std::string> left_over(const PodRecord& record, const Pods& pods) {
  for (const auto& [name, containers] : pods) {
    if (std::ranges::find(record.pods, name, &PodRecord::Pod::name) == record.pods.end()) {
      return fmt::format("the pod {} is left over", name);
    }
  }
  return {};
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
      if (std::ranges::find(found->second, id, &Container::id) == found->second.end())
        return fmt::format("a container of the pod {} was removed", known.name);
    }
    if (auto how = unfit(found->second, record.restart); !how.empty()) return how;
  }
  return left_over(record, pods);
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
  const auto is_there = [&](const std::string& name) {
    return std::ranges::find(containers, name, &Container::name) != containers.end();
  };
  if (!std::ranges::all_of(kube_pod.containers, is_there)) return PodState::broken;
  if (unfit(containers, workload.restart).empty()) return PodState::up;
  // An init container that has had its turn is missed at the next start.
  return std::ranges::all_of(kube_pod.starters, is_there, &Starter::name) ? PodState::stopped
                                                                          : PodState::broken;
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
      if (container.role == Container::Role::init || is_spent(container, found->second)) continue;
      auto health = health_of(container, record, now, settle, unready);
      if (health.state != Health::State::good) return health;
    }
  }
  return {};
}

}  // namespace greenwave::drivers::podman
