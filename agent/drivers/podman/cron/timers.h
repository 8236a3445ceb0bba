#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/error.h"
#include "drivers/podman/cron/units.h"
#include "systemd/manager.h"

namespace greenwave::drivers::podman {

/// The units of CronJobs on the device. All names are as unit_of returns them. One thread; everything throws
/// Error.
class Timers {
 public:
  /// `while_waiting` as systemd::Manager's.
  explicit Timers(std::function<void()> while_waiting) : systemd_(std::move(while_waiting)) {}

  /// The files' current content; empty for a missing file.
  static Units read(const std::string& unit);
  /// Those whose timers are enabled and running.
  std::set<std::string> running(const std::vector<std::string>& units);

  /// For people: {unit, next, last, result}, as far as systemd knows them.
  nlohmann::json describe(const std::string& unit);

  /// Writes the files, reloads systemd, and starts or stops the timers. Returns what failed, by unit; all
  /// others succeeded.
  struct Order {
    std::string unit;
    Units units;
    bool on = true;
  };
  std::map<std::string, Error> bring(const std::vector<Order>& orders);

  /// Stops these timers and services and removes them, with systemd's record of past runs.
  void remove(const std::vector<std::string>& names);

 private:
  systemd::Manager systemd_;
};

}  // namespace greenwave::drivers::podman
