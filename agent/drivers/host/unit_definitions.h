#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "base/digest.h"
#include "drivers/host/confined.h"
#include "drivers/host/unit_jobs.h"
#include "drivers/host/unit_record.h"
#include "systemd/manager.h"

namespace greenwave::drivers::host {

/// Which files systemd makes units from, and what is in them. With a running systemd; one thread.
class UnitDefinitions {
 public:
  UnitDefinitions(const Host& host, systemd::Manager& systemd, UnitJobs& jobs)
      : host_(host), systemd_(systemd), jobs_(jobs) {}

  /// How what systemd has loaded differs from the record, in a few words; empty if it does not. `distrust` as
  /// in UnitStates::of.
  std::string difference(const UnitRecord& record, bool distrust = false);

  /// Whether the unit's files changed and systemd has not read them.
  bool needs_reload(const std::string& unit);

  /// A digest of the names and the content of all files that define the unit; empty if it is not loaded.
  std::string digest(const std::string& unit);

  /// Asks systemd again about all units. Call when something of them is about to change.
  void forget() { loaded_.clear(); }

  /// Whether the unit still runs with an older definition than it has now, as far as the record knows.
  bool is_outdated(const UnitRecord& record);

 private:
  struct Known {
    struct stat about {};
    Digest content;
  };
  /// A definition, for as long as nothing that it depends on has changed: asking systemd for that of each
  /// unit would cost it more than all the rest of a pass in which nothing has changed.
  struct Loaded {
    systemd::Definition definition;
    Digest directories;  ///< UnitStates::directories
    std::vector<struct stat> files;
  };

  const systemd::Definition& loaded(const systemd::UnitState& state, bool distrust = false);
  std::vector<std::string> unread(const systemd::Definition& loaded);
  Digest content_of(const std::string& path);

  const Host& host_;
  systemd::Manager& systemd_;
  UnitJobs& jobs_;
  std::map<std::string, Loaded> loaded_;  ///< by primary names
  std::map<std::string, Known> files_;    ///< read again only if lstat differs
  /// Drop-ins that were not loaded, and UnitJobs::reloads() when that was first seen: those that systemd has
  /// passed over since are none that it wants.
  std::map<std::string, unsigned> unread_since_;
};

/// The drop-ins below `root` for units of these names, without those that a link masks. systemd loads at most
/// one of those that have the same file name.
std::vector<std::string> list_drop_ins(const std::filesystem::path& root,
                                       const std::vector<std::string>& names);

/// Those of them that systemd would load, had it seen them.
std::vector<std::string> unread_drop_ins(const systemd::Definition& loaded,
                                         const std::vector<std::string>& there);

/// How a unit's load state differs from the record, in a few words; empty if it does not.
std::string load_difference(const systemd::UnitState& state, const UnitRecord& record);

/// The same for the files that it was loaded from.
std::string files_difference(const systemd::Definition& loaded, const UnitRecord& record);

}  // namespace greenwave::drivers::host
