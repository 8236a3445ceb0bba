#include "drivers/podman/rollout.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "drivers/podman/host_paths.h"
#include "drivers/podman/stop.h"

namespace greenwave::drivers::podman {

namespace {

using Order = workload::Workload::Exchange;

/// For init containers that end soon.
constexpr auto start_patience = std::chrono::seconds(10);
/// An init container that failed as often as this will hardly do better.
constexpr unsigned most_failures = 3;

std::vector<std::string> ids_of(const std::vector<Container>& pod, bool starters) {
  std::vector<std::string> ids;
  for (const auto& one : pod) {
    if ((one.role != Container::Role::main) == starters) ids.push_back(one.id);
  }
  return ids;
}

}  // namespace

std::vector<std::vector<Container>> Rollout::Exchange::old_ones(std::size_t from, std::size_t to) const {
  std::vector<std::vector<Container>> found;
  for (auto i = from; i < std::min(to, old.size()); ++i) found.push_back(pods.at(old[i]));
  return found;
}

Rolled Rollout::bring(const ObjectId& id, const workload::Workload& workload,
                      const std::vector<KubePod>& kube_pods, const Pods& pods, const PodRecord& known) {
  auto pulled = known.pulled;
  std::vector<const KubePod*> to_make;
  std::vector<const KubePod*> to_start;
  for (const auto& kube_pod : kube_pods) {
    const auto state = state_of(kube_pod, workload, pods, known);
    if (state == PodState::missing || state == PodState::broken) to_make.push_back(&kube_pod);
    if (state == PodState::stopped) to_start.push_back(&kube_pod);
  }
  Exchange places{{}, {}, pods, workload.exchange};
  for (const auto& [name, containers] : pods) {
    if (std::ranges::find(kube_pods, name, &KubePod::pod) == kube_pods.end()) places.old.push_back(name);
  }
  std::stable_partition(places.old.begin(), places.old.end(), [&](const std::string& name) {
    return std::ranges::any_of(pods.at(name), &Container::is_running);
  });
  for (const auto* kube_pod : to_make) {
    check_host_paths(rules_, kube_pod->host_paths);
    for (const auto& image : kube_pod->images) images_.bring(image, pulled);
  }
  std::map<std::string, Made> made;
  try {
    for (const auto* kube_pod : to_make)
      made[kube_pod->pod] = make_pod(service_, rules_, id, *kube_pod, pods.contains(kube_pod->pod));
  } catch (const Error&) {
    for (const auto* kube_pod : to_make) discard(kube_pod->pod);
    throw;
  }
  places.fresh = to_make;
  for (const auto* kube_pod : to_start) {
    const auto paused = [](const Container& container) { return container.state == "paused"; };
    if (std::ranges::any_of(pods.at(kube_pod->pod), paused)) service_.unpause_pod(kube_pod->pod);
    places.fresh.push_back(kube_pod);
  }
  const bool in_turns =
      std::ranges::any_of(places.fresh, [](const KubePod* one) { return !one->starters.empty(); });
  if (in_turns) {
    exchange_in_turns(places);
  } else {
    exchange(places);
    stops_.stop(places.old_ones(0, places.old.size()));
    for (const auto& name : places.old) discard(name);
  }

  return {record_of(workload, kube_pods, pods, made, std::move(pulled)), waits(kube_pods)};
}

PodRecord Rollout::record_of(const workload::Workload& workload, const std::vector<KubePod>& kube_pods,
                             const Pods& pods, std::map<std::string, Made>& made,
                             std::vector<std::string> pulled) {
  PodRecord record{{}, workload.restart, workload.once, std::move(pulled)};
  if (!kube_pods.empty()) record.host_paths = kube_pods.front().host_paths;  // all have the same
  for (const auto& kube_pod : kube_pods) {
    auto& [containers, starters] = made[kube_pod.pod];
    if (const auto kept = pods.find(kube_pod.pod); containers.empty() && kept != pods.end()) {
      containers = ids_of(kept->second, false);
      starters = ids_of(kept->second, true);
    }
    record.pods.push_back({kube_pod.pod, kube_pod.digest, std::move(containers), std::move(starters)});
  }
  return record;
}

std::vector<std::string> Rollout::remake(const ObjectId& id, const KubePod& kube_pod, const Pods& old,
                                         const std::atomic<bool>& stop) {
  check_host_paths(rules_, kube_pod.host_paths);
  remove(old);
  auto made = make_pod(service_, rules_, id, kube_pod, false);
  if (kube_pod.starters.empty()) {
    start(kube_pod);
  } else {
    start_in_turn(service_, rules_, kube_pod.pod, stop);
  }
  return std::move(made.containers);
}

/// One that fails to start leaves the old ones as they were.
void Rollout::exchange(const Exchange& places) {
  const auto& [fresh, old, pods, order] = places;
  if (order == Order::old_first) stops_.stop(places.old_ones(0, old.size()));
  std::size_t started = 0;
  try {
    for (; started < fresh.size(); ++started) {
      if (order == Order::one_by_one) stops_.stop(places.old_ones(started, started + 1));
      start(*fresh[started]);
      if (order == Order::new_first) stops_.stop(places.old_ones(started, started + 1));
    }
  } catch (const Error& error) {
    if (!passes(error.fault())) go_back(places);
    throw;
  }
}

void Rollout::go_back(const Exchange& places) {
  for (const auto* fresh : places.fresh) {
    if (!places.pods.contains(fresh->pod)) discard(fresh->pod);
  }
  for (const auto& name : places.old) {
    const auto& containers = places.pods.at(name);
    if (std::ranges::none_of(containers, &Container::is_running)) continue;  // it did not run before either
    for (const auto& container : containers) check_mounts(rules_, service_, container.id);
    if (has_turns(containers)) {
      starts_->begin(name, {});
    } else {
      service_.start_pod(name);
    }
  }
}

/// With init containers a start takes as long as they want: it goes on by itself, and what the new pod has
/// replaced is removed then.
void Rollout::exchange_in_turns(const Exchange& places) {
  const auto& [fresh, old, pods, order] = places;
  for (const auto& name : old) starts_->forget(name);
  if (order != Order::new_first) stops_.stop(places.old_ones(0, old.size()));
  std::vector<std::string> begun;
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    std::vector<std::string> replaced;
    const auto last = i + 1 == fresh.size() ? old.size() : i + 1;
    for (auto k = i; k < std::min(last, old.size()); ++k) replaced.push_back(old[k]);
    check_host_paths(rules_, fresh[i]->host_paths);
    if (starts_->begin(fresh[i]->pod, replaced)) begun.push_back(fresh[i]->pod);
  }
  const auto until = Instant::clock::now() + start_patience;
  for (const auto& pod : begun)
    starts_->wait(pod, std::chrono::duration_cast<Duration>(until - Instant::clock::now()));
}

std::optional<Error> Rollout::waits(const std::vector<KubePod>& kube_pods) const {
  for (const auto& kube_pod : kube_pods) {
    const auto state = starts_ != nullptr ? starts_->state(kube_pod.pod) : std::nullopt;
    if (!state) continue;
    const bool lasts = state->lost || state->failures >= most_failures;
    return Error(lasts ? Fault::invalid : Fault::transient,
                 fmt::format("the pod {} is not up: {}", kube_pod.pod, state->why),
                 lasts ? "greenwave show prints the end of its log" : "it goes on by itself");
  }
  return {};
}

void Rollout::start(const KubePod& kube_pod) {
  check_host_paths(rules_, kube_pod.host_paths);
  service_.start_pod(kube_pod.pod);
}

void Rollout::discard(const std::string& pod) {
  if (starts_ != nullptr) starts_->forget(pod);
  podman::discard(service_, rules_, pod);
}

void Rollout::remove(const Pods& pods) {
  std::vector<std::vector<Container>> running;
  for (const auto& [name, containers] : pods) {
    if (starts_ != nullptr) starts_->forget(name);
    running.push_back(containers);
  }
  stops_.stop(running);
  for (const auto& [name, containers] : pods) discard(name);
}

}  // namespace greenwave::drivers::podman
