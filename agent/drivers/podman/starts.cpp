#include "drivers/podman/starts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"
#include "drivers/podman/host_paths.h"
#include "drivers/podman/stop.h"

namespace greenwave::drivers::podman {

namespace {

using What = StartCourse::Next::What;
using Containers = std::map<std::string, std::vector<Container>>;  // by their pod

constexpr auto shortest_nap = std::chrono::milliseconds(200);
constexpr auto longest_nap = std::chrono::seconds(2);

Containers by_pod(std::vector<Container> containers) {
  Containers pods;
  for (auto& one : containers) {
    auto& pod = pods[one.pod];
    pod.push_back(std::move(one));
  }
  return pods;
}

/// Podman stops a pod of which nothing but init containers that ended is left. It does not while a container
/// is prepared; one that never ran keeps it too.
void keep_from_stopping(Service& service, const std::vector<Container>& pod) {
  const auto main = [](const Container& one) { return one.role == Container::Role::main; };
  if (!std::ranges::all_of(pod, [&](const Container& one) { return !main(one) || one.has_ended(); })) return;
  const auto first = std::ranges::find_if(pod, main);
  if (first != pod.end()) service.prepare_container(first->id);
}

void start_all(Service& service, const workload::Rules& rules, const std::vector<Container>& pod,
               const std::vector<std::string>& ids, bool& prepared) {
  if (!prepared) {
    for (const auto& one : pod) check_mounts(rules, service, one.id);
    keep_from_stopping(service, pod);
    prepared = true;
  }
  for (const auto& id : ids) {
    check_mounts(rules, service, id);
    service.start_container(id);
  }
}

}  // namespace

Starts::Starts(const workload::Rules& rules, std::filesystem::path socket, Stops& stops,
               const std::atomic<bool>& stop, std::function<void()> while_waiting)
    : rules_(rules),
      socket_(std::move(socket)),
      stops_(stops),
      stop_(stop),
      while_waiting_(std::move(while_waiting)) {}

Starts::~Starts() {
  end_ = true;
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Starts::begin(const std::string& pod, const std::vector<std::string>& old) {
  const Lock lock(mutex_);
  const auto known = starts_.find(pod);
  if (known != starts_.end() && !known->second.state.lost) {
    known->second.old = old;
    return false;
  }
  starts_.insert_or_assign(pod, Start{{}, old});
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_all();
  return true;
}

void Starts::wait(const std::string& pod, Duration patience) {
  const auto until = Instant::clock::now() + patience;
  const Lock lock(mutex_);
  for (;;) {
    const auto found = starts_.find(pod);
    const bool goes_on = found != starts_.end() && !found->second.is_up && !found->second.state.lost &&
                         found->second.state.failures == 0;
    if (!goes_on || stop_ || Instant::clock::now() >= until) return;
    if (while_waiting_) while_waiting_();
    wake_.wait_until(mutex_, Instant::clock::now() + std::chrono::milliseconds(100));
  }
}

std::optional<Starts::State> Starts::state(const std::string& pod) const {
  const Lock lock(mutex_);
  const auto found = starts_.find(pod);
  if (found == starts_.end() || found->second.is_up) return {};
  return found->second.state;
}

void Starts::forget(const std::string& pod) {
  const Lock lock(mutex_);
  starts_.erase(pod);
  while (busy_with_ == pod) wake_.wait_until(mutex_, Instant::clock::now() + std::chrono::milliseconds(100));
}

void Starts::run() {
  Service service(socket_, end_);
  Duration rest = shortest_nap;
  const Lock lock(mutex_);
  while (!end_) {
    const auto goes_on = [](const auto& one) { return !one.second.state.lost; };
    if (std::ranges::none_of(starts_, goes_on)) {
      wake_.wait(mutex_);
      rest = shortest_nap;
      continue;
    }
    bool moved = false;
    try {
      moved = round(service);
    } catch (const Error&) {
      // Podman does not answer; what runs there goes on.
    }
    wake_.notify_all();
    rest = moved ? shortest_nap : std::min<Duration>(2 * rest, longest_nap);
    const auto until = Instant::clock::now() + rest;
    while (!end_ && !moved && Instant::clock::now() < until && wake_.wait_until(mutex_, until)) {
    }
  }
}

/// Looks at what runs, and does what is next for each. Returns whether it did anything.
bool Starts::round(Service& service) {
  Containers pods;
  {
    const Unlock meanwhile(mutex_);
    pods = by_pod(service.containers());
  }
  std::vector<std::string> names;
  for (const auto& [name, start] : starts_) names.push_back(name);
  bool moved = false;
  for (const auto& name : names) {
    const auto found = starts_.find(name);
    if (end_ || found == starts_.end() || found->second.state.lost) continue;
    if (found->second.is_up) {
      const auto old_ones = found->second.old;
      if (retire(service, old_ones, pods)) starts_.erase(name);
      continue;
    }
    moved = advance(service, name, pods[name]) || moved;
  }
  return moved;
}

bool Starts::advance(Service& service, const std::string& pod, const std::vector<Container>& containers) {
  auto& start = starts_.at(pod);
  if (containers.empty()) {
    starts_.erase(pod);
    return false;
  }
  auto next = start.course.next(containers, Instant::clock::now());
  start.state.failures = start.course.failures();
  start.state.lost = next.what == What::lost;
  if (!next.why.empty()) start.state.why = std::move(next.why);
  if (next.what == What::done) {
    start.is_up = true;
    return true;
  }
  return next.what == What::start && launch(service, pod, containers, next.ids);
}

bool Starts::launch(Service& service, const std::string& pod, const std::vector<Container>& containers,
                    const std::vector<std::string>& ids) {
  bool prepared = starts_.at(pod).prepared;
  std::optional<Error> error;
  busy_with_ = pod;
  {
    const Unlock meanwhile(mutex_);
    try {
      start_all(service, rules_, containers, ids, prepared);
    } catch (const Error& thrown) {
      error = thrown;
    }
  }
  busy_with_.clear();
  wake_.notify_all();
  const auto found = starts_.find(pod);
  if (found == starts_.end()) return true;
  auto& start = found->second;
  start.prepared = prepared;
  if (!error) return true;
  start.state.why = error->what();
  if (passes(error->fault())) {
    start.course.ask_again();
    return false;
  }
  start.course.fail(error->what(), Instant::clock::now());
  return true;
}

/// Ends and removes what the pod has replaced. Returns whether that is done.
bool Starts::retire(Service& service, const std::vector<std::string>& old_ones, const Containers& pods) {
  for (const auto& old : old_ones) {
    const auto found = pods.find(old);
    if (found == pods.end()) continue;
    if (stops_.is_under_way(old)) return false;
    if (std::ranges::any_of(found->second, &Container::is_active)) {
      stops_.begin(found->second);
      return false;
    }
    const Unlock meanwhile(mutex_);
    discard(service, rules_, old);
  }
  return true;
}

void start_in_turn(Service& service, const workload::Rules& rules, const std::string& pod,
                   const std::atomic<bool>& stop) {
  StartCourse course;
  bool prepared = false;
  for (;;) {
    const auto containers = by_pod(service.containers())[pod];
    const auto next = course.next(containers, Instant::clock::now());
    if (next.what == What::done) return;
    if (next.what == What::lost) throw Error(Fault::invalid, next.why);
    if (next.what == What::start) start_all(service, rules, containers, next.ids, prepared);
    if (stop) throw Error(Fault::transient, "the start was ended");
    if (next.what == What::wait) std::this_thread::sleep_for(shortest_nap);
  }
}

}  // namespace greenwave::drivers::podman
