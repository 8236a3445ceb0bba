#include "drivers/podman/jobs.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "drivers/podman/host_paths.h"
#include "drivers/podman/make.h"
#include "drivers/podman/stop.h"

namespace greenwave::drivers::podman {

namespace {

constexpr auto shortest_job_rest = std::chrono::milliseconds(500);
constexpr auto longest_job_rest = std::chrono::seconds(5);

std::int64_t wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

const KubePod& kube_pod_of(const JobOrder& order, const std::string& pod) {
  return *std::ranges::find(order.kube_pods, pod, &KubePod::pod);
}

std::vector<std::string> names_of(const std::vector<KubePod>& kube_pods) {
  std::vector<std::string> names;
  for (const auto& kube_pod : kube_pods) names.push_back(kube_pod.pod);
  return names;
}

}  // namespace

std::vector<std::string> gone_after_run(const PodRecord& record, const Pods& pods) {
  std::vector<std::string> gone;
  if (!record.once) return gone;
  // Where nothing is left of those that were made with the record, the rest was tidied up as well.
  const auto is_left = [&](const PodRecord::Pod& pod) { return pods.contains(pod.name); };
  const auto was_made = [](const PodRecord::Pod& pod) { return !pod.containers.empty(); };
  const bool all_gone =
      std::ranges::none_of(record.pods, is_left) && std::ranges::any_of(record.pods, was_made);
  for (const auto& pod : record.pods) {
    if (!is_left(pod) && (all_gone || was_made(pod))) gone.push_back(pod.name);
  }
  return gone;
}

bool is_under_way(const std::vector<Container>& pod) {
  return std::ranges::any_of(pod, [](const Container& one) {
    return one.is_active() || (one.role == Container::Role::main && !one.has_ended());
  });
}

Jobs::Jobs(const workload::Rules& rules, std::filesystem::path socket, Stops& stops, Starts& starts)
    : rules_(rules), socket_(std::move(socket)), stops_(stops), starts_(starts) {}

Jobs::~Jobs() {
  end_ = true;
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Jobs::State Jobs::begin(Service& service, JobOrder order) {
  const auto id = order.id;
  if (const auto known = state(id); known && !known->lost) {
    const Lock lock(mutex_);
    const auto found = jobs_.find(id);
    const auto is_same = [&](const JobOrder& one) {
      return one.plan == order.plan && names_of(one.kube_pods) == names_of(order.kube_pods);
    };
    if (found != jobs_.end() && is_same(*found->second.order)) return *known;
  }
  forget(id);
  JobCourse course(order.plan, names_of(order.kube_pods));
  Job job{std::make_shared<const JobOrder>(std::move(order)), std::move(course)};
  advance(service, job);
  if (job.done || job.state.lost) return job.state;
  auto state = job.state;
  take(id, std::move(job));
  return state;
}

void Jobs::take(const ObjectId& id, Job job) {
  const Lock lock(mutex_);
  jobs_.insert_or_assign(id, std::move(job));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_all();
}

void Jobs::tidy_later(const ObjectId& id, const PodRecord& record, const Pods& pods) {
  std::vector<std::string> names;
  for (const auto& pod : record.pods) names.push_back(pod.name);
  const auto gone = gone_after_run(record, pods);
  JobCourse course(*record.job, std::move(names));
  const auto next = course.next(pods, gone, wall_clock(), Instant::clock::now());
  if (!next.tidy_in && next.to_remove.empty()) return;
  take(id, {std::make_shared<const JobOrder>(JobOrder{id, *record.job, {}, gone}), std::move(course)});
}

std::optional<Jobs::State> Jobs::state(const ObjectId& id) const {
  const Lock lock(mutex_);
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return {};
  return found->second.state;
}

Jobs::State Jobs::look(const ObjectId& id, const PodRecord& record, const Pods& pods) const {
  std::vector<std::string> names;
  for (const auto& pod : record.pods) names.push_back(pod.name);
  if (record.job->suspended) {
    const bool runs = std::ranges::any_of(pods, [](const auto& pod) { return is_under_way(pod.second); });
    return {runs ? "the Job is suspended, and a pod of it runs" : ""};
  }
  JobCourse course(*record.job, std::move(names));
  const auto next = course.next(pods, gone_after_run(record, pods), wall_clock(), Instant::clock::now());
  if (next.done) return {};
  if (!next.lost.empty()) return {next.lost, true};
  const auto known = state(id);
  return known ? *known : State{"the Job has not ended, and nobody runs it"};
}

void Jobs::forget(const ObjectId& id) {
  const Lock lock(mutex_);
  while (busy_with_ == id) wake_.wait_until(mutex_, Instant::clock::now() + shortest_job_rest);
  jobs_.erase(id);
}

void Jobs::run() {
  Service service(socket_, end_);
  Duration rest = shortest_job_rest;
  const Lock lock(mutex_);
  while (!end_) {
    if (std::ranges::all_of(jobs_, [](const auto& one) { return one.second.state.lost; })) {
      wake_.wait(mutex_);
      rest = shortest_job_rest;
      continue;
    }
    rest = round(service) ? shortest_job_rest : std::min<Duration>(2 * rest, longest_job_rest);
    const auto until = Instant::clock::now() + rest;
    while (!end_ && Instant::clock::now() < until && wake_.wait_until(mutex_, until)) {
    }
  }
}

/// Returns whether it did anything.
bool Jobs::round(Service& service) {
  bool moved = false;
  std::vector<ObjectId> ids;
  const auto now = Instant::clock::now();
  for (const auto& [id, job] : jobs_) {
    if (!job.state.lost && job.rests_until <= now) ids.push_back(id);
  }
  for (const auto& id : ids) {
    const auto found = jobs_.find(id);
    if (end_ || found == jobs_.end()) continue;
    auto job = found->second;
    busy_with_ = id;
    {
      const Unlock meanwhile(mutex_);
      try {
        moved = advance(service, job) || moved;
      } catch (const Error& error) {
        job.state = {error.what(), !passes(error.fault())};
      }
    }
    busy_with_.reset();
    wake_.notify_all();
    if (job.done) {
      jobs_.erase(id);
    } else if (jobs_.contains(id)) {
      jobs_.insert_or_assign(id, std::move(job));
    }
  }
  return moved;
}

/// Does what is next for a Job. Returns whether that was anything.
bool Jobs::advance(Service& service, Job& job) {
  const View view(service.containers());
  const auto& pods = view.of(label_of(job.order->id));
  const auto next = job.course.next(pods, job.order->has_run, wall_clock(), Instant::clock::now());
  job.done = next.done && !next.tidy_in;
  if (next.tidy_in) job.rests_until = Instant::clock::now() + *next.tidy_in;
  job.state = {next.lost.empty() ? next.why : next.lost, !next.lost.empty()};
  for (const auto& pod : next.to_stop) stops_.begin(pods.at(pod));
  for (const auto& pod : next.to_remove) discard(service, rules_, pod);
  for (const auto& pod : next.to_make) make(service, job, pod, pods);
  for (const auto& pod : next.to_start) start(service, kube_pod_of(*job.order, pod));
  for (const auto& [pod, containers] : pods) {
    // A sidecar ends with the others.
    const auto left = [](const Container& one) {
      return one.role == Container::Role::sidecar && one.is_running();
    };
    const auto works = [](const Container& one) {
      return one.role != Container::Role::sidecar && !one.has_ended();
    };
    if (std::ranges::any_of(containers, left) && std::ranges::none_of(containers, works) &&
        !stops_.is_under_way(pod))
      stops_.begin(containers);
  }
  return !next.to_stop.empty() || !next.to_make.empty() || !next.to_start.empty();
}

void Jobs::make(Service& service, const Job& job, const std::string& pod, const Pods& pods) {
  const auto kube_pod = with_labels(kube_pod_of(*job.order, pod), job.course.labels(pod, pods, wall_clock()));
  check_host_paths(rules_, kube_pod.host_paths);
  starts_.forget(pod);
  make_pod(service, rules_, job.order->id, kube_pod, pods.contains(pod));
  start(service, kube_pod);
}

void Jobs::start(Service& service, const KubePod& kube_pod) {
  check_host_paths(rules_, kube_pod.host_paths);
  if (kube_pod.starters.empty()) {
    service.start_pod(kube_pod.pod);
  } else {
    starts_.begin(kube_pod.pod, {});
  }
}

}  // namespace greenwave::drivers::podman
