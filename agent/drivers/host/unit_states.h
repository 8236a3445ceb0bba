#pragma once

#include <chrono>
#include <map>
#include <string>

#include "drivers/host/systemd_bus.h"

namespace greenwave::drivers::host {

/// What systemd says about the units that are asked for again and again: asked together, and remembered for
/// the moment that one pass over all objects takes.
class UnitStates {
 public:
  explicit UnitStates(Systemd& systemd) : systemd_(systemd) {}

  /// Valid until the next call. Throws Error when systemd does not answer.
  const UnitState& of(const std::string& unit);

  /// Something changed: the next question goes to systemd.
  void forget() { asked_at_ = {}; }
  /// The unit is nobody's any more: it is not asked for together with the others.
  void drop(const std::string& unit) { states_.erase(unit); }

 private:
  Systemd& systemd_;
  std::map<std::string, UnitState> states_;
  std::chrono::steady_clock::time_point asked_at_;
};

}  // namespace greenwave::drivers::host
