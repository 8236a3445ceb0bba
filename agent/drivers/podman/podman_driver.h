#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/podman/podman.h"
#include "drivers/podman/view.h"

namespace greenwave::drivers::podman {

/// Runs Pods, Deployments, DaemonSets, StatefulSets and Jobs under podman, by its kube play, with their
/// ConfigMaps, Secrets, PersistentVolumeClaims and Services. Labels in podman say which object each pod
/// belongs to: one request shows them all. Under --root nothing runs.
class PodmanDriver : public Driver, private Startup, private Details {
 public:
  /// `run` is as ServiceNetwork's. `stop` ends long waits, and `while_waiting` is called during them (for a
  /// watchdog). `tell` logs what people should know, from any thread. `pulls` outlives this.
  PodmanDriver(const config::Config& config, std::string digest_key, Pulls& pulls, ServiceNetwork::Run run,
               const std::atomic<bool>& stop, std::function<void()> while_waiting,
               std::function<void(std::string_view)> tell);

  /// Whether pods run with this configuration.
  static bool is_live(const config::Config& config) { return config.root == "/"; }

  std::unique_ptr<Session> look(const LookOptions& options, std::span<const Entry* const> entries) override;
  std::vector<std::string> notes() const override;
  Abilities abilities() override { return {.startup = this, .details = this}; }

 private:
  std::vector<std::string> start(std::span<const Entry> inventory) override;
  void start(const Entry& entry, const View& now, std::vector<std::string>& failed);
  Describe describe() const override;

  Podman podman_;
};

}  // namespace greenwave::drivers::podman
