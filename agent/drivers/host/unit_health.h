#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/unit_jobs.h"
#include "drivers/host/unit_record.h"

namespace greenwave::drivers::host {

/// Whether units are up and stay so. One that has just been started counts once it has been up for `settle`,
/// and for six times as long when systemd has restarted it meanwhile: what crashes again and again is then
/// seen to do so. One thread.
class UnitHealth {
 public:
  UnitHealth(systemd::Manager& systemd, Duration settle)
      : systemd_(systemd), jobs_(systemd, debt_), settle_(settle) {}

  /// One for each record, of which only the unit's name and `done_in` matter. A unit that does its work and
  /// ends is healthy once it has. Nothing is thrown: when systemd does not answer, all of them wait.
  std::vector<Health> of(const std::vector<UnitRecord>& records);

 private:
  Health of(const UnitRecord& record);

  systemd::Manager& systemd_;
  systemd::ReloadDebt debt_;  ///< looking changes nothing, so that it is never owed
  UnitJobs jobs_;
  Duration settle_;
};

}  // namespace greenwave::drivers::host
