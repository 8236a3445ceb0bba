#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <sys/types.h>

#include "drivers/host/owner.h"
#include "drivers/host/signature.h"
#include "model/entry.h"

namespace greenwave::drivers::host {

/// What the device had at a path before that became ours, and where that is now.
struct Before {
  enum class Kind {
    kept,        ///< set aside (see Kept); something of ours is in its place
    purged,      ///< set aside; nothing of ours is in its place
    same,        ///< in its place: it already was as the manifest says
    attributes,  ///< a directory, which is still there and had these
  };
  Kind kind = Kind::kept;
  Attributes attributes{};

  bool operator==(const Before&) const = default;
};

/// What a File's or Directory's Entry::record holds, as JSON.
struct FileRecord {
  std::string path;
  Attributes attributes;
  /// The user and group whose numbers `attributes` has, where the manifest names them.
  std::string owner{};
  std::string group{};
  /// Something that is not ours stood there before. Until a first apply is known to have succeeded, it is
  /// not known that it was ever changed.
  bool adopted = false;
  /// What was put there is a secret, which no later comparison may show.
  bool sensitive = false;
  /// By path. In an intent it also names what is about to be set aside. A path that is missing had nothing,
  /// or nothing that is known (a record of an older version).
  std::map<std::string, Before> before{};
  std::vector<std::string> made{};  ///< directories above `path` that were missing, sorted
  bool reload_systemd = false;      ///< systemd is to be reloaded when it changes or goes
  bool deletes = false;             ///< greenwave.dev/on-removal: delete

  // Of a Directory with a source alone; names are relative to `path`.
  bool purge = false;
  /// In an intent: it has purged before, so that what is foreign now is drift and was not there before.
  bool has_purged = false;
  Attributes file_attributes;
  std::vector<std::string> executables;  ///< sorted
  std::vector<std::string> links;        ///< sorted
  /// In an intent: what the apply is about to make where nothing is.
  std::vector<std::string> creates;

  bool operator==(const FileRecord&) const = default;
};

std::string to_json(const FileRecord& record);

/// An empty text is an empty record: of an intent that nothing was known for. Throws Error (internal) when
/// `text` is not what to_json writes.
FileRecord record_from_json(const std::string& text);

/// Whether an entry's path is only adopted in intention: something was there, and it is not known that it was
/// ever changed. It must not be removed.
bool never_touched(const Entry& entry, const FileRecord& record);

/// The paths where, as an entry says, what is there is ours.
class OwnPaths {
 public:
  /// `record` is the entry's. `entry` may be null, and must outlive it.
  OwnPaths(const Entry* entry, const FileRecord& record);

  bool has(const std::string& path) const { return applied_.contains(path) || created_.contains(path); }

 private:
  std::unordered_set<std::string_view> applied_;
  std::unordered_set<std::string> created_;
};

/// Completes the record of an applied step by what its compare found.
void complete(FileRecord& record, const FileRecord& compared);

/// The record of an intent that is known to have changed nothing: a later prune leaves alone what is there.
std::string as_untouched(const std::string& intent);

/// Forgets directories that were made for a former path.
void keep_parents(const Host& host, FileRecord& record);

/// Notes the names whose numbers a user database may change.
void note_owner(FileRecord& record, const std::string& owner, const std::string& group);

/// How the numbers of the record's owner and group have changed, in words; empty: they have not. Throws Error
/// (invalid) when there is no such user or group any more.
std::string owner_drift(Owners& owners, const Entry& entry);

/// Whether applying at `path`, where something is or is not now, adopts it. `entry` may be null.
bool is_adoption(const Entry* entry, const std::string& path, bool exists);

}  // namespace greenwave::drivers::host
