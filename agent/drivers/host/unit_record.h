#pragma once

#include <optional>
#include <string>
#include <vector>

namespace greenwave::drivers::host {

/// What the inventory remembers of a SystemdUnit, as JSON in Entry::record.
struct UnitRecord {
  std::string unit;                ///< its primary name
  std::string alias;               ///< the name in the manifest, if that is another one
  std::vector<std::string> files;  ///< its unit file and drop-ins that are ours
  std::vector<std::string> links;  ///< that enabled it if systemd does not run
  std::optional<bool> enabled;     ///< as the manifest says
  std::optional<bool> running;
  std::optional<bool> masked;

  /// Those of `files` that replaced a file or link of the device, which is set aside (see Kept).
  std::vector<std::string> kept;
  /// Those of `files` that the device already had as the manifest says. They stay on removal.
  std::vector<std::string> same;
  bool deletes = false;  ///< greenwave.dev/on-removal: delete

  /// The state of a unit that the device had before, to be restored when we give it up.
  struct Before {
    std::string file;
    std::string active;
  };
  std::optional<Before> before;  ///< absent: the unit was not there

  /// The unit that the object moves to, as the device had that one before. Set until the move is done.
  struct Moving {
    std::string unit;
    std::optional<Before> before;
  };
  std::optional<Moving> moving;

  /// Its files changed and it has not been restarted since, or the agent does not know (a power cut).
  bool stale = false;

  /// The boot (its id) in which the unit did its work and became inactive again, as a oneshot service does.
  /// systemd forgets that when nothing refers to the unit.
  std::string done_in;

  /// The unit's start (UnitJobs::this_start) for which a restart is still pending.
  std::string owing;

  /// For a unit that should run: UnitDefinitions::digest of what it runs with, and the start
  /// (UnitJobs::this_start) to which that applies.
  std::string definition;
  std::string started;

  const std::string& declared() const { return alias.empty() ? unit : alias; }
};

/// The record with these files added.
UnitRecord with_files(UnitRecord record, const std::vector<std::string>& paths);

/// Of the unit that the record's object moves to; it must be on the move.
UnitRecord moved(UnitRecord record);

/// Whether a manifest with `name`, which stands for `unit`, no longer means the record's unit.
bool is_renamed(const UnitRecord& record, const std::string& unit, const std::string& name);

/// Whether the unit's file is in the place of one that the device had.
bool is_replaced(const UnitRecord& record);

/// Whether the unit that was there before is there again without ours.
bool comes_back(const UnitRecord& record);

std::string to_json(const UnitRecord& record);
/// An empty text is an empty record. Throws Error (damaged) for what to_json did not write.
UnitRecord unit_record_from(const std::string& json);

}  // namespace greenwave::drivers::host
