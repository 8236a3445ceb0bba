#include "drivers/podman/session.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/podman/comparison.h"
#include "drivers/podman/host_paths.h"
#include "drivers/workload/material.h"

namespace greenwave::drivers::podman {

namespace {

/// A commit does not wait for a Job's end.
Health health_of_job(const Jobs::State& state) {
  if (state.why.empty()) return {};
  return {state.lost ? Health::State::bad : Health::State::waiting, state.why};
}

}  // namespace

std::int64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::int64_t seconds_up() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

const View& PodSession::view() {
  if (std::holds_alternative<std::monostate>(view_)) {
    try {
      auto containers = podman_.containers();
      if (first_look_) podman_.crashes.look(containers, seconds_now());
      first_look_ = false;
      view_ = View(std::move(containers));
    } catch (const Error& error) {
      view_ = error;
    }
  }
  if (const auto* error = std::get_if<Error>(&view_)) throw *error;
  return std::get<View>(view_);
}

Drift PodSession::drift(const Entry& entry) {
  if (workload::is_material(entry.id) || podman_.leaves_out()) return {};
  if (is_claim(entry.id)) return {.how = claims_.drift(entry)};
  if (is_service(entry.id)) return {.how = network_fault()};
  const auto& pods = view().of(label_of(entry.id));
  for (const auto& [name, containers] : pods) {
    if (podman_.crashes.loops(name)) return {.how = fmt::format("the pod {} keeps crashing", name)};
  }
  const auto record = pod_record_from(entry.record);
  if (record.job) {
    const auto state = podman_.jobs.look(entry.id, record, pods);
    if (!state.why.empty()) return {.how = state.why};
  }
  auto how = record.job ? left_over(record, pods) : drift_of(record, pods);
  if (!how) how = unsafe_host_path(podman_.rules, record.host_paths);
  return {.how = std::move(how)};
}

std::optional<std::string> PodSession::network_fault() {
  if (!network_looked_at_) {
    network_looked_at_ = true;
    try {
      podman_.refresh_network();
    } catch (const Error& error) {
      network_fault_ = error.what();
    }
  }
  return network_fault_;
}

std::unique_ptr<Comparison> PodSession::compare(const Render& render, std::span<const Candidate>) {
  return std::make_unique<PodComparison>(podman_, *this, render);
}

std::vector<Health> PodSession::health(std::span<const Entry* const> entries, Duration) {
  std::vector<Health> found(entries.size());
  if (!podman_.live) return found;
  try {
    const View now(podman_.containers());
    const auto unready = podman_.prober.board()->unready();
    const auto seconds = seconds_now();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& entry = *entries[i];
      const auto& pods = now.of(label_of(entry.id));
      const auto record = pod_record_from(entry.record);
      found[i] = record.job ? health_of_job(podman_.jobs.look(entry.id, record, pods))
                            : health_of(record, pods, seconds, podman_.settle, unready);
      found[i].loops =
          std::ranges::any_of(pods, [&](const auto& pod) { return podman_.crashes.pause(pod.first) > 0; });
    }
  } catch (const Error& error) {
    for (auto& health : found) health = {Health::State::waiting, error.what(), error.fault()};
  }
  return found;
}

std::optional<std::string> PodSession::unreachable() const {
  const auto* error = std::get_if<Error>(&view_);
  if (error == nullptr) return {};
  return error->what();
}

}  // namespace greenwave::drivers::podman
