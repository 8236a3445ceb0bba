#pragma once

#include <optional>
#include <string>
#include <vector>

namespace greenwave::drivers::host {

/// What an inventory entry remembers of a SystemdUnit, as JSON in Entry::record.
struct UnitRecord {
  std::string unit;                ///< by its primary name
  std::string alias;               ///< the name in the manifest, where that is another one
  std::vector<std::string> files;  ///< its unit file and drop-ins that are ours
  std::vector<std::string> links;  ///< that enabled it where systemd does not run
  std::optional<bool> enabled;     ///< as the manifest says
  std::optional<bool> running;
  std::optional<bool> masked;

  /// Of `files`: in whose place the device had a file or link of its own, which is set aside (see Kept).
  std::vector<std::string> kept;
  /// Of `files`: what the device had there already was as the manifest says. It stays.
  std::vector<std::string> same;
  bool deletes = false;  ///< greenwave.dev/on-removal: delete

  /// What systemd said before of a unit that the device had, to be put back when we let go of it.
  struct Before {
    std::string file;
    std::string active;
  };
  std::optional<Before> before;  ///< absent: the unit was not there

  /// Its files changed and it has not been restarted since, or the agent does not know (a power cut).
  bool stale = false;

  /// The boot (its id) in which the unit did its work and became inactive again, as a oneshot service does.
  /// systemd forgets that when nothing refers to the unit.
  std::string done_in;

  /// The start of the unit (UnitJobs::this_start) that is to be followed by a restart which had to wait.
  std::string owing;

  /// UnitDefinitions::digest of what the unit runs with, and the start (UnitJobs::this_start) that it is
  /// known for. Of a unit that should run.
  std::string definition;
  std::string started;

  const std::string& declared() const { return alias.empty() ? unit : alias; }
};

/// The record, with these among its files.
UnitRecord with_files(UnitRecord record, const std::vector<std::string>& paths);

/// Whether a manifest that names `name`, by which it means `unit`, no longer means the unit of the record.
bool is_renamed(const UnitRecord& record, const std::string& unit, const std::string& name);

std::string to_json(const UnitRecord& record);
/// An empty text is an empty record. Throws Error (damaged) for what to_json did not write.
UnitRecord unit_record_from(const std::string& json);

}  // namespace greenwave::drivers::host
