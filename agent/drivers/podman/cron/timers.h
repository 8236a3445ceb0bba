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

/// The units of CronJobs on the device. All names are as unit_of gives them. One thread; everything throws
/// Error.
class Timers {
 public:
  /// `while_waiting` as systemd::Manager's.
  explicit Timers(std::function<void()> while_waiting) : systemd_(std::move(while_waiting)) {}

  /// What the files say now; empty texts where they are missing.
  static Units read(const std::string& unit);
  /// Those whose timer is enabled, and runs.
  std::set<std::string> running(const std::vector<std::string>& units);

  /// What people want to know of one: {unit, next, last, result}, as far as systemd knows.
  nlohmann::json describe(const std::string& unit);

  /// Puts files in place, lets systemd read them, and starts or stops the timers; returns what failed, by the
  /// unit. The others are as they should be then.
  struct Order {
    std::string unit;
    Units units;
    bool on = true;
  };
  std::map<std::string, Error> bring(const std::vector<Order>& orders);

  /// Stops timers and running jobs by the names of their units; removes these, and what systemd knows of past
  /// runs.
  void remove(const std::vector<std::string>& names);

 private:
  systemd::Manager systemd_;
};

}  // namespace greenwave::drivers::podman
