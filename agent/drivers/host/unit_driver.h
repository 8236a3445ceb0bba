#pragma once

#include <functional>

#include "drivers/driver.h"
#include "drivers/host/units.h"

namespace greenwave::drivers::host {

/// systemd's units: SystemdUnit of greenwave.dev/v1. On the live device over D-Bus. Under --root, and without
/// systemd as the init, unit files are written and units enabled as `systemctl --root` does it, but nothing
/// is started.
class UnitDriver : public Driver, private Restarts, private Startup, private Details {
 public:
  /// `while_waiting` is called about once a second while a systemd job runs (for a watchdog). After a start a
  /// unit must stay up for `settle` before it counts as healthy. `debt` is shared with other drivers, and
  /// must outlive this one.
  explicit UnitDriver(const Host& host, std::function<void()> while_waiting = {},
                      Duration job_timeout = std::chrono::seconds(90),
                      Duration settle = std::chrono::seconds(10), systemd::ReloadDebt* debt = nullptr);
  UnitDriver(const UnitDriver&) = delete;
  UnitDriver& operator=(const UnitDriver&) = delete;

  std::unique_ptr<Session> look(const LookOptions& options, std::span<const Entry* const> entries) override;
  std::vector<std::string> notes() const override;
  Abilities abilities() override { return {.restarts = this, .startup = this, .details = this}; }

  /// Reloads systemd if files have changed, before another driver starts something that needs them. Throws
  /// Error.
  void reload_if_owed();

 private:
  bool still_owes(const Entry& entry) override;
  /// Does the reload that a killed agent owed.
  std::vector<std::string> start(std::span<const Entry> inventory) override;
  Describe describe() const override;

  systemd::ReloadDebt debt_;
  Units units_;
};

}  // namespace greenwave::drivers::host
