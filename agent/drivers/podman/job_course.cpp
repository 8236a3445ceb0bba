#include "drivers/podman/job_course.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"
#include "drivers/podman/play_kube.h"

namespace greenwave::drivers::podman {

namespace {

// As Kubernetes' Job controller has them.
constexpr std::chrono::seconds first_job_delay(10);
constexpr std::chrono::seconds longest_job_delay(360);

enum class PodPhase { fresh, running, succeeded, failed };

/// Its exit status, if a container has failed for good: no other one of the pod goes on.
std::optional<int> failure_of(const std::vector<Container>& pod) {
  const auto failed = std::ranges::find_if(
      pod, [](const Container& one) { return one.role != Container::Role::sidecar && one.has_failed(); });
  if (failed == pod.end()) return {};
  const bool retries_inside = failed->role == Container::Role::init && failed->restart != "Never";
  const bool others_run = std::ranges::any_of(
      pod, [](const Container& one) { return one.role == Container::Role::main && one.is_running(); });
  if (retries_inside || (others_run && failed->restart == "Never")) return {};
  return failed->exit_code;
}

PodPhase phase_of(const std::vector<Container>& pod) {
  if (failure_of(pod)) return PodPhase::failed;
  const auto mains = [&](auto is) {
    return std::ranges::all_of(
        pod, [&](const Container& one) { return one.role != Container::Role::main || is(one); });
  };
  if (mains([](const Container& one) { return one.has_ended(); })) return PodPhase::succeeded;
  const bool runs = std::ranges::any_of(pod, &Container::is_running);
  return runs ? PodPhase::running : PodPhase::fresh;
}

}  // namespace

struct JobCourse::Tally {
  std::vector<std::string> pending;
  std::map<std::string, PodPhase> phases;  ///< of those that are there
  std::size_t succeeded = 0;
  unsigned failures = 0;
  int last_status = 0;
  std::int64_t begun = 0;  ///< seconds since 1970; 0: it has not
  std::int64_t ended = 0;  ///< the last of its pods, in seconds since 1970; 0: none has
};

JobCourse::Tally JobCourse::tally(const Pods& pods, const std::vector<std::string>& has_run) const {
  Tally tally;
  for (const auto& name : names_) {
    const auto found = pods.find(name);
    if (found == pods.end()) {
      if (contains(has_run, name)) {
        ++tally.succeeded;
      } else {
        tally.pending.push_back(name);
      }
      continue;
    }
    const auto& pod = found->second;
    const auto phase = phase_of(pod);
    tally.phases[name] = phase;
    if (phase == PodPhase::succeeded) ++tally.succeeded;
    tally.failures += pod.front().tries;
    if (phase == PodPhase::failed) {
      ++tally.failures;
      tally.last_status = failure_of(pod).value_or(0);
    }
    const auto begun = pod.front().begun;
    if (begun > 0 && (tally.begun == 0 || begun < tally.begun)) tally.begun = begun;
    if (phase != PodPhase::succeeded) continue;
    for (const auto& one : pod) tally.ended = std::max(tally.ended, one.ended);
  }
  return tally;
}

JobCourse::Next JobCourse::next(const Pods& pods, const std::vector<std::string>& has_run, std::int64_t now,
                                Instant tick) {
  const auto tally = this->tally(pods, has_run);
  // A pod that is stopped at the deadline may well end with 0.
  const auto is_over = [&](std::int64_t time) {
    return plan_.deadline && tally.begun > 0 && time - tally.begun >= plan_.deadline->count();
  };
  Next next;
  next.done = tally.succeeded == names_.size() && !is_over(tally.ended);
  if (next.done) {
    tidy(pods, now, next);
    return next;
  }
  if (is_over(std::max(now, tally.ended))) {
    next.lost =
        fmt::format("the Job has not ended within {} (activeDeadlineSeconds)", to_words(*plan_.deadline));
  } else if (tally.failures > plan_.retries) {
    next.lost = fmt::format(
        "the Job failed: {} of its pods ended badly (backoffLimit {}), the last one with exit status {}",
        tally.failures, plan_.retries, tally.last_status);
  }
  std::size_t active = 0;
  for (const auto& [name, phase] : tally.phases) {
    const bool is_active = phase == PodPhase::running || phase == PodPhase::fresh;
    if (is_active) ++active;
    if (!next.lost.empty() && phase == PodPhase::running) next.to_stop.push_back(name);
    if (next.lost.empty() && phase == PodPhase::fresh) next.to_start.push_back(name);
  }
  if (!next.lost.empty()) return next;
  const auto pause = std::min(
      first_job_delay * (1 << std::min(tally.failures > 0 ? tally.failures - 1 : 0, 6u)), longest_job_delay);
  for (const auto& [name, phase] : tally.phases) {
    if (phase != PodPhase::failed) continue;
    const auto again = again_.try_emplace(name, tick + pause).first->second;
    if (tick < again) {
      next.why = fmt::format("a pod ended with exit status {}; it is tried again in {}", tally.last_status,
                             to_words(std::chrono::ceil<std::chrono::seconds>(again - tick)));
    } else if (active + next.to_make.size() < plan_.parallelism) {
      next.to_make.push_back(name);
      again_.erase(name);
    }
  }
  for (const auto& name : tally.pending) {
    if (active + next.to_make.size() < plan_.parallelism) next.to_make.push_back(name);
  }
  return next;
}

void JobCourse::tidy(const Pods& pods, std::int64_t now, Next& next) const {
  if (!plan_.ttl) return;
  std::int64_t end = 0;
  for (const auto& name : names_) {
    const auto found = pods.find(name);
    if (found == pods.end()) continue;
    next.to_remove.push_back(name);
    for (const auto& one : found->second) end = std::max(end, one.ended);
  }
  const auto left = std::min(std::chrono::seconds(end - now) + *plan_.ttl, *plan_.ttl);
  if (next.to_remove.empty() || left <= std::chrono::seconds(0)) return;
  next.to_remove.clear();
  next.tidy_in = left;
}

std::map<std::string, std::string> JobCourse::labels(const std::string& pod, const Pods& pods,
                                                     std::int64_t now) const {
  const auto tally = this->tally(pods, {});
  unsigned tries = 0;
  if (const auto found = pods.find(pod); found != pods.end())
    tries = found->second.front().tries + (phase_of(found->second) == PodPhase::failed ? 1 : 0);
  return {{std::string(labels::tries), std::to_string(tries)},
          {std::string(labels::begun), std::to_string(tally.begun > 0 ? tally.begun : now)}};
}

}  // namespace greenwave::drivers::podman
