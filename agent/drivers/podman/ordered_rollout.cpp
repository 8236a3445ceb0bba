// A StatefulSet's pods change places one after the other.

#include <algorithm>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "drivers/podman/host_paths.h"
#include "drivers/podman/make.h"
#include "drivers/podman/rollout.h"

namespace greenwave::drivers::podman {

namespace {

/// For pods that are ready soon.
constexpr auto ready_patience = std::chrono::seconds(10);
constexpr auto between_looks = std::chrono::milliseconds(200);

/// "web-0123456789-3": what is behind the last dash.
std::string_view number_of(std::string_view pod) {
  return pod.substr(pod.rfind('-') + 1);
}

std::string lead(const KubePod& kube_pod, const std::string& why) {
  return fmt::format("the pod {} is not ready yet, and others follow it: {}", kube_pod.pod, why);
}

}  // namespace

/// One place of the set, and who has it.
struct Rollout::Seat {
  const KubePod* fresh = nullptr;
  std::vector<std::string> old{};
  PodState state = PodState::up;

  bool is_done() const { return old.empty() && state == PodState::up; }
};

std::vector<Rollout::Seat> Rollout::seats_of(const workload::Workload& workload,
                                             const std::vector<KubePod>& kube_pods, const Pods& pods,
                                             const PodRecord& known, std::vector<std::string>& surplus) {
  std::vector<Seat> seats;
  for (const auto& kube_pod : kube_pods)
    seats.push_back({&kube_pod, {}, state_of(kube_pod, workload, pods, known)});
  for (const auto& [name, containers] : pods) {
    const auto number = number_of(name);
    const auto has = [number](const Seat& seat) { return number_of(seat.fresh->pod) == number; };
    const auto seat = std::ranges::find_if(seats, has);
    if (seat == seats.end()) {
      surplus.push_back(name);
    } else if (seat->fresh->pod != name) {
      seat->old.push_back(name);
    }
  }
  return seats;
}

Rolled Rollout::bring_in_order(const ObjectId& id, const workload::Workload& workload,
                               const std::vector<KubePod>& kube_pods, const Pods& pods,
                               const PodRecord& known, const Unready& unready) {
  auto pulled = known.pulled;
  std::vector<std::string> surplus;
  auto seats = seats_of(workload, kube_pods, pods, known, surplus);
  for (const auto& seat : seats) {
    if (seat.state != PodState::missing && seat.state != PodState::broken) continue;
    check_host_paths(rules_, seat.fresh->host_paths);
    for (const auto& image : seat.fresh->images) images_.bring(image, pulled);
  }
  Pods leaving;
  for (const auto& name : surplus) leaving.emplace(name, pods.at(name));
  remove(leaving);

  // New ones from the first to the last, then those that replace others from the last to the first.
  const auto replaces = [](const Seat& seat) { return !seat.old.empty(); };
  const auto middle = std::stable_partition(seats.begin(), seats.end(), std::not_fn(replaces));
  std::reverse(middle, seats.end());
  std::map<std::string, Made> made;
  std::optional<Error> waits;
  const auto until = Instant::clock::now() + ready_patience;
  for (auto seat = seats.begin(); seat != seats.end() && !waits; ++seat) {
    if (!seat->is_done()) take_seat(id, *seat, pods, made);
    const bool others_follow = std::any_of(seat + 1, seats.end(), std::not_fn(&Seat::is_done));
    const bool is_alone = !workload.set->in_order && !replaces(*seat);
    if (others_follow && !is_alone) waits = wait_for_seat(*seat, unready, until);
  }
  if (!waits) waits = this->waits(kube_pods);
  return {record_of(workload, kube_pods, pods, made, std::move(pulled)), std::move(waits)};
}

/// One that fails to start leaves the old one as it was.
void Rollout::take_seat(const ObjectId& id, const Seat& seat, const Pods& pods,
                        std::map<std::string, Made>& made) {
  const Exchange places{{seat.fresh}, seat.old, pods, workload::Workload::Exchange::old_first};
  for (const auto& name : seat.old) starts_->forget(name);
  stops_.stop(places.old_ones(0, seat.old.size()));
  const auto& name = seat.fresh->pod;
  try {
    if (seat.state != PodState::stopped)
      made[name] = make_pod(service_, rules_, id, *seat.fresh, pods.contains(name));
    check_host_paths(rules_, seat.fresh->host_paths);
    if (!seat.fresh->starters.empty()) {
      starts_->begin(name, seat.old);
      return;
    }
    start(*seat.fresh);
  } catch (const Error& error) {
    if (!passes(error.fault())) go_back(places);
    throw;
  }
  for (const auto& old : seat.old) discard(old);
}

std::optional<Error> Rollout::wait_for_seat(const Seat& seat, const Unready& unready, Instant until) {
  const auto& pod = *seat.fresh;
  starts_->wait(pod.pod, std::chrono::duration_cast<Duration>(until - Instant::clock::now()));
  if (const auto state = starts_->state(pod.pod)) {
    return Error(state->lost ? Fault::invalid : Fault::transient, lead(pod, state->why),
                 state->lost ? "greenwave show prints the end of its log" : "it goes on by itself");
  }
  for (;;) {
    const auto why = unready(pod);
    if (why.empty()) return {};
    if (Instant::clock::now() >= until)
      return Error(Fault::transient, lead(pod, why), "greenwave show prints the end of its log");
    std::this_thread::sleep_for(between_looks);
  }
}

}  // namespace greenwave::drivers::podman
