#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/check_spec.h"
#include "drivers/host/confined.h"
#include "drivers/host/unit_health.h"

namespace greenwave::drivers::host {

/// HealthChecks of greenwave.dev/v1: there is nothing to apply, and what they ask is looked at by health().
/// Below another root nothing is asked: what would answer does not run there.
class CheckDriver : public Driver {
 public:
  /// `while_waiting` is called about once a second while a look takes its time (for a watchdog).
  CheckDriver(Host host, Duration settle, std::function<void()> while_waiting = {});

  bool serves(const ObjectId& id) const override;
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;
  void begin(const Pass&) override {}
  std::optional<std::string> drift(const Entry& entry,
                                   std::optional<std::vector<FileSignature>>& refreshed) override;
  plan::Difference compare(const plan::Desired& desired, const Entry* entry, const SourceTree& tree) override;
  void apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
             const std::function<bool()>& stop) override;
  std::vector<Health> health(std::span<const Entry* const> entries, Duration patience) override;

  /// What people should be told once: that checks are not asked here, if there are any.
  std::vector<std::string> notes() const;

 private:
  Host host_;
  std::function<void()> while_waiting_;
  systemd::Manager systemd_;
  UnitHealth units_;
  bool left_out_ = false;
};

}  // namespace greenwave::drivers::host
