#pragma once

#include <functional>
#include <optional>
#include <string>

#include "drivers/host/unit_record.h"
#include "drivers/host/unit_states.h"
#include "systemd/manager.h"
#include "systemd/reload_debt.h"

namespace greenwave::drivers::host {

/// Why to act on a unit that is as it should be.
struct Occasion {
  bool rewritten = false;  ///< what systemd makes it from changed
  bool restart = false;    ///< an object that it restarts on changed
  bool reload = false;
  std::optional<Duration> within{};  ///< how long it may take to come up, by its manifest
  std::function<bool()> stop{};      ///< true ends the wait for a job; the job goes on
};

/// Brings units to the state that a record declares, through a running systemd. Every call throws Error.
class UnitJobs {
 public:
  UnitJobs(systemd::Manager& systemd, systemd::ReloadDebt& debt)
      : systemd_(systemd), states_(systemd), debt_(debt) {}

  UnitStates& states() { return states_; }

  /// Whether an inactive unit did its work in this boot, so that nothing is left to run.
  bool is_done(const systemd::UnitState& state, const UnitRecord& record);

  /// What must be put back when we let go of a unit: nothing for one that exists only through us.
  std::optional<UnitRecord::Before> before(const std::string& unit);

  /// Masks the unit, or removes a mask that is ours (`was_masked`) or not wanted.
  void set_masked(const UnitRecord& record, bool was_masked);
  /// Enables or disables; `rewritten` units again, as their [Install] may have changed.
  void set_enabled(const UnitRecord& record, bool rewritten);
  void check_enabled(const UnitRecord& record);

  /// Call after changing unit files: one daemon-reload serves all of them.
  void needs_reload() { debt_.owe(); }
  bool owes_reload() const { return debt_.is_owed(); }
  void reload_if_needed();
  /// How often this object has had systemd read its files.
  unsigned reloads() const { return reloads_; }

  /// Starts, stops, restarts or reloads as the record and the occasion say. Returns true if the unit was
  /// started: check_started(), called a moment later, then tells how that went.
  bool settle(const UnitRecord& record, const Occasion& occasion);
  void check_started(UnitRecord& record);

  /// Identifies the start since which an active unit runs: it differs after a restart, whoever asked for
  /// that, and after a boot. Empty if the unit is not up.
  std::string this_start(const std::string& unit);

  /// Stops and disables what we started and enabled, or restores the state before us. Call before the files
  /// are removed.
  void let_go(const UnitRecord& record);
  /// Call after the files are gone and systemd has been reloaded.
  void forget(const UnitRecord& record);

  /// Queues the job of the agent's own unit, which cannot be waited for. Call last.
  void queue_own();

 private:
  void run(systemd::Job job, const std::string& unit, const Occasion& occasion = {});
  systemd::Patience patience(systemd::Job job, const std::string& unit, const Occasion& occasion);
  /// A socket does not start while a service that it activates is up: stops that one meanwhile.
  void run_socket(systemd::Job job, const std::string& unit, const Occasion& occasion);
  std::vector<std::string> activated_and_up(const std::string& unit);
  void restore_files(const UnitRecord& record, const systemd::UnitState& state);

  systemd::Manager& systemd_;
  UnitStates states_;
  systemd::ReloadDebt& debt_;
  std::optional<systemd::Job> own_;
  unsigned reloads_ = 0;
};

}  // namespace greenwave::drivers::host
