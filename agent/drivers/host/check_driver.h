#pragma once

#include <functional>

#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "drivers/host/unit_health.h"

namespace greenwave::drivers::host {

/// HealthChecks of greenwave.dev/v1: there is nothing to apply; their health is what they are for. Below
/// another root nothing is checked: what would answer does not run there.
class CheckDriver : public Driver {
 public:
  /// `while_waiting` is called about once a second while a check takes its time (for a watchdog).
  CheckDriver(Host host, Duration settle, std::function<void()> while_waiting = {});
  CheckDriver(const CheckDriver&) = delete;
  CheckDriver& operator=(const CheckDriver&) = delete;

  std::unique_ptr<Session> look(const LookOptions& options, std::span<const Entry* const> entries) override;
  std::vector<std::string> notes() const override;

 private:
  class OneSession;

  Host host_;
  std::function<void()> while_waiting_;
  systemd::Manager systemd_;
  UnitHealth units_;
  bool left_out_ = false;
};

}  // namespace greenwave::drivers::host
