#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/digest.h"
#include "systemd/manager.h"

namespace greenwave::drivers::host {

/// What systemd says about the units that are asked for again and again: asked together, and remembered for
/// the moment that one pass over all objects takes. Whether units are enabled is costly for systemd to find
/// out, and remembered for as long as no directory in which links could be made or removed has changed.
class UnitStates {
 public:
  explicit UnitStates(systemd::Manager& systemd) : systemd_(systemd) {}

  /// Valid until the next call. With `distrust` no directory's times are trusted. Throws Error when systemd
  /// does not answer.
  const systemd::UnitState& of(const std::string& unit, bool distrust = false);

  /// Invalidates the cache: the next query asks systemd.
  void forget();
  /// The unit is nobody's any more: it is not asked for together with the others.
  void drop(const std::string& unit) { states_.erase(unit); }

 private:
  using Instant = std::chrono::steady_clock::time_point;

  void ask(const std::vector<std::string>& units);

  systemd::Manager& systemd_;
  std::map<std::string, systemd::UnitState> states_;
  Instant asked_at_;
  /// systemd::UnitState::file by primary names, as of `directories_`.
  std::map<std::string, std::string> files_;
  Digest directories_;  ///< zero: not to be trusted
  Instant files_asked_at_;
};

}  // namespace greenwave::drivers::host
