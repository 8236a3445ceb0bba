#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/podman/cron/cron_parts.h"

namespace greenwave::drivers::podman {

/// Runs CronJobs under podman, each from a systemd timer: they run without the agent, and after a boot
/// without the network. What a run needs is in the state directory. Under --root nothing runs.
class CronDriver : public Driver, private Details {
 public:
  /// Parameters as PodmanDriver's.
  CronDriver(const config::Config& config, std::string digest_key, Pulls& pulls,
             const std::atomic<bool>& stop, const std::function<void()>& while_waiting)
      : cron_(config, std::move(digest_key), pulls, stop, while_waiting) {}

  std::unique_ptr<Session> look(const LookOptions& options, std::span<const Entry* const> entries) override;
  std::vector<std::string> notes() const override;
  Abilities abilities() override { return {.details = this}; }

 private:
  /// {"timer": …}; the PodmanDriver describes the pods of the last run.
  Describe describe() const override;

  Cron cron_;
};

}  // namespace greenwave::drivers::podman
