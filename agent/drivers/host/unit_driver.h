#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "drivers/host/unit_health.h"
#include "drivers/host/unit_jobs.h"
#include "drivers/host/unit_record.h"
#include "drivers/host/unit_spec.h"
#include "systemd/manager.h"

namespace greenwave::drivers::host {

/// systemd's units: SystemdUnit of greenwave.dev/v1. On the live device over D-Bus. Below another root, and
/// where systemd is not the init, unit files are written and units enabled, as `systemctl --root` does it,
/// and nothing is started.
class UnitDriver : public Driver {
 public:
  /// `while_waiting` is called about once a second while a job of systemd's runs (for a watchdog).
  /// After a start a unit must stay up for `settle` before it counts as healthy.
  explicit UnitDriver(Host host, std::function<void()> while_waiting = {},
                      Duration job_timeout = std::chrono::seconds(90),
                      Duration settle = std::chrono::seconds(10));

  bool serves(const ObjectId& id) const override;
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;
  void begin(const Pass& pass) override;
  std::optional<std::string> drift(const Entry& entry,
                                   std::optional<std::vector<FileSignature>>& refreshed) override;
  plan::Difference compare(const plan::Desired& desired, const Entry* entry, const SourceTree& tree) override;
  void apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
             const std::function<bool()>& stop) override;
  bool still_owes(const Entry& entry) override;
  std::vector<Health> health(std::span<const Entry* const> entries, Duration patience) override;

  /// What people should be told once, if units ask for more than is done here: "units are not started …".
  std::vector<std::string> notes() const;

 private:
  struct Comparison;

  void compare_files(Parents& parents, const UnitSpec& spec, const UnitRecord& record,
                     Comparison& comparison);
  void compare_state(const UnitSpec& spec, const UnitRecord& record, bool applied, Comparison& comparison);
  void compare_links(const UnitSpec& spec, Comparison& comparison);
  std::optional<UnitRecord::Before> before(const UnitSpec& spec);
  plan::Disruption disruption(const UnitSpec& spec, bool stale, bool renamed);

  const Host host_;
  const bool runs_systemd_;
  systemd::Manager systemd_;
  UnitJobs jobs_;
  Pass pass_;
  UnitHealth health_;
  bool starts_left_out_ = false;
};

}  // namespace greenwave::drivers::host
