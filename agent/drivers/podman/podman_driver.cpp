#include "drivers/podman/podman_driver.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "base/error.h"
#include "drivers/podman/describe.h"
#include "drivers/podman/host_paths.h"
#include "drivers/podman/session.h"
#include "drivers/podman/view.h"

namespace greenwave::drivers::podman {

PodmanDriver::PodmanDriver(const config::Config& config, std::string digest_key, Pulls& pulls,
                           ServiceNetwork::Run run, const std::atomic<bool>& stop,
                           std::function<void()> while_waiting, std::function<void(std::string_view)> tell)
    : podman_(config, std::move(digest_key), pulls, std::move(run), stop, std::move(while_waiting),
              std::move(tell)) {}

std::unique_ptr<Session> PodmanDriver::look(const LookOptions&, std::span<const Entry* const> entries) {
  podman_.network.know(entries);
  podman_.pulls.begin_pass();
  podman_.stops.begin_pass();
  return std::make_unique<PodSession>(podman_);
}

std::vector<std::string> PodmanDriver::start(std::span<const Entry> inventory) {
  std::vector<std::string> failed;
  const auto is_ours = [](const Entry& entry) { return workload::is_workload(entry.id); };
  podman_.network.know(inventory);
  if (!podman_.live || std::ranges::none_of(inventory, is_ours)) return failed;
  try {
    const View now(podman_.service.containers());
    for (const auto& entry : inventory) {
      if (is_ours(entry)) start(entry, now, failed);
    }
    podman_.refresh_network();
  } catch (const Error& error) {
    failed.emplace_back(error.what());
  }
  return failed;
}

void PodmanDriver::start(const Entry& entry, const View& now, std::vector<std::string>& failed) {
  const auto record = pod_record_from(entry.record);
  const auto& pods = now.of(label_of(entry.id));
  if (record.job) podman_.jobs.tidy_later(entry.id, record, pods);
  for (const auto& [name, containers] : pods) {
    const auto known = std::ranges::find(record.pods, name, &PodRecord::Pod::name);
    if (known == record.pods.end()) continue;
    const auto& own = known->containers;
    std::vector<Container> ours;
    std::ranges::copy_if(containers, std::back_inserter(ours), [&](const Container& one) {
      return one.role != Container::Role::main || contains(own, one.id);
    });
    const bool has_ended = std::ranges::any_of(
        ours, [](const Container& one) { return one.role == Container::Role::main && one.has_ended(); });
    if (unfit(ours, record.restart).empty() || (record.job && has_ended)) continue;
    try {
      for (const auto& container : containers) check_mounts(podman_.rules, podman_.service, container.id);
      if (has_turns(containers)) {
        podman_.starts.begin(name, {});
      } else {
        podman_.service.start_pod(name);
      }
    } catch (const Error& error) {
      failed.push_back(fmt::format("{}: {}", to_string(entry.id), error.what()));
    }
  }
}

Describe PodmanDriver::describe() const {
  if (!podman_.live) return {};
  return [socket = podman_.settings.socket,
          board = podman_.prober.board()](const Entry& entry) -> nlohmann::json {
    static const std::atomic<bool> never = false;
    try {
      Service service(socket, never);
      return podman::describe(service, entry, board->unready());
    } catch (const Error& error) {
      return {{"now", error.what()}};
    }
  };
}

std::vector<std::string> PodmanDriver::notes() const {
  std::vector<std::string> notes;
  if (podman_.has_left_out)
    notes.push_back(fmt::format("pods are not run for a device below {}", podman_.root));
  if (!podman_.network.lacks().empty()) notes.push_back(podman_.network.lacks());
  return notes;
}

}  // namespace greenwave::drivers::podman
