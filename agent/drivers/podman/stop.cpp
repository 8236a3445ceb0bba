#include "drivers/podman/stop.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/podman/play_kube.h"
#include "drivers/podman/prepare.h"
#include "drivers/workload/lifecycle.h"
#include "http/status.h"

namespace greenwave::drivers::podman {

namespace {

using std::chrono::steady_clock;
using Role = Container::Role;

constexpr std::chrono::seconds least_grace(2);

void ask(Service& service, const Container& container, const workload::Probe& probe, Duration time) {
  if (probe.how == workload::Probe::How::exec) {
    service.run_exec(service.create_exec(container.id, probe.command), time);
    return;
  }
  const auto host = probe.host.empty() ? service.network(container.id).address : probe.host;
  if (host.empty()) return;
  const auto shown = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  http::get_status(fmt::format("{}://{}:{}{}", probe.tls ? "https" : "http", shown, probe.port, probe.path),
                   probe.headers, time, http::Certificate::any);
}

std::vector<std::string> ids_of(const std::vector<Container>& containers) {
  std::vector<std::string> ids;
  for (const auto& one : containers) ids.push_back(one.id);
  return ids;
}

/// The hooks of several containers run at the same time, each with a service of its own.
std::chrono::seconds run_stop_hooks(Service& service, const std::vector<Container>& containers,
                                    std::chrono::seconds grace) {
  const auto began = steady_clock::now();
  std::vector<std::thread> others;
  const Container* own = nullptr;
  for (const auto& one : containers) {
    if (one.stop_hooks.empty()) continue;
    if (own == nullptr) {
      own = &one;
      continue;
    }
    others.emplace_back([socket = service.socket(), &stop = service.stop(), &one, grace] {
      Service beside(socket, stop);
      run_stop_hook(beside, one, grace);
    });
  }
  if (own != nullptr) run_stop_hook(service, *own, grace);
  for (auto& other : others) other.join();
  if (own == nullptr) return grace;
  const auto took = std::chrono::ceil<std::chrono::seconds>(steady_clock::now() - began);
  return std::max(grace - took, std::min(grace, least_grace));
}

}  // namespace

std::chrono::seconds run_stop_hook(Service& service, const Container& container, std::chrono::seconds grace) {
  const auto hook = workload::stop_hook_from(container.stop_hooks, container.short_name());
  if (!hook || grace == std::chrono::seconds(0)) return grace;
  const auto began = steady_clock::now();
  try {
    if (hook->ask) {
      ask(service, container, *hook->ask, grace);
    } else {
      const auto until = began + std::min(hook->sleep, grace);
      constexpr auto nap = std::chrono::milliseconds(100);
      while (!service.stop() && steady_clock::now() < until) std::this_thread::sleep_for(nap);
    }
  } catch (const Error&) {
    // As in Kubernetes, the container is told to end all the same.
  }
  const auto took = std::chrono::ceil<std::chrono::seconds>(steady_clock::now() - began);
  return std::max(grace - took, std::min(grace, least_grace));
}

void stop_gently(Service& service, const std::vector<Container>& pod) {
  std::vector<Container> rest;
  std::vector<Container> sidecars;
  for (const auto& one : pod) {
    if (one.is_running()) (one.role == Role::sidecar ? sidecars : rest).push_back(one);
  }
  if (pod.empty()) return;
  std::ranges::sort(sidecars, std::ranges::greater(), &Container::turn);
  auto grace = run_stop_hooks(service, rest, grace_of(pod));
  if (sidecars.empty()) {
    service.stop_pod(pod.front().pod, grace);
    return;
  }
  const auto began = steady_clock::now();
  const auto left = [&] {
    const auto took = std::chrono::ceil<std::chrono::seconds>(steady_clock::now() - began);
    return std::max(grace - took, std::min(grace, least_grace));
  };
  service.stop_containers(ids_of(rest), grace);
  for (const auto& sidecar : sidecars)
    service.stop_container(sidecar.id, run_stop_hook(service, sidecar, left()));
  service.stop_pod(pod.front().pod, left());
}

void discard(Service& service, const workload::Rules& rules, const std::string& pod) {
  service.remove_pod(pod);
  for (const auto& volume : service.volumes(labels::pod, pod)) service.remove_volume(volume);
  clear_volumes(rules, pod);
}

std::chrono::seconds grace_of(const std::vector<Container>& pod) {
  return pod.empty() ? workload::usual_grace : pod.front().grace;
}

}  // namespace greenwave::drivers::podman
