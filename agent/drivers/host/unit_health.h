#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/unit_jobs.h"
#include "drivers/host/unit_record.h"

namespace greenwave::drivers::host {

/// Whether units are up and stay up. A unit that has just been started counts as up after `settle`, or after
/// six times as long if systemd has restarted it meanwhile, so that a crash loop is noticed. One thread.
class UnitHealth {
 public:
  UnitHealth(systemd::Manager& systemd, Duration settle)
      : systemd_(systemd), jobs_(systemd, debt_), settle_(settle) {}

  /// One Health for each record, of which only the unit's name and `done_in` matter. A unit that does its
  /// work and exits is healthy afterwards. Throws nothing: if systemd does not answer, all of them wait.
  std::vector<Health> of(const std::vector<UnitRecord>& records);

 private:
  Health of(const UnitRecord& record);

  systemd::Manager& systemd_;
  systemd::ReloadDebt debt_;  ///< health checks change nothing, so nothing is ever owed
  UnitJobs jobs_;
  Duration settle_;
};

}  // namespace greenwave::drivers::host
