#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/digest.h"
#include "systemd/manager.h"

namespace greenwave::drivers::host {

/// Caches what systemd says about units: they are asked for together, and the answer is kept for the moment
/// that one pass over all objects takes. Whether units are enabled is expensive for systemd to find out: that
/// is kept until a directory that may contain such links has changed.
class UnitStates {
 public:
  explicit UnitStates(systemd::Manager& systemd) : systemd_(systemd) {}

  /// Valid until the next call. With `distrust`, directories' times are not trusted. Throws Error if systemd
  /// does not answer.
  const systemd::UnitState& of(const std::string& unit, bool distrust = false);

  /// Of the times of all directories in which systemd looks for units, when of() last asked: the same one
  /// again means that no file, link or drop-in came or went. Zero: one has changed just now.
  const Digest& directories() const { return directories_; }

  /// Invalidates the cache: the next query asks systemd.
  void forget();
  /// The unit is no longer ours: it is not asked for with the others any more.
  void drop(const std::string& unit) { states_.erase(unit); }

 private:
  using Instant = std::chrono::steady_clock::time_point;

  void ask(const std::vector<std::string>& units);

  systemd::Manager& systemd_;
  std::map<std::string, systemd::UnitState> states_;
  Instant asked_at_;
  /// systemd::UnitState::file by primary name, while the directories are as in `directories_`.
  std::map<std::string, std::string> files_;
  Digest directories_;  ///< zero: not to be trusted
  Instant files_asked_at_;
};

}  // namespace greenwave::drivers::host
