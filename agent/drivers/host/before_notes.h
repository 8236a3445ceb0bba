#pragma once

#include <string>

#include <sys/stat.h>

#include "drivers/host/file_context.h"
#include "drivers/host/file_record.h"

namespace greenwave::drivers::host {

/// Notes in an object's record what the device has at its paths before the object changes them. What the
/// inventory already knows is carried over: only what was there first counts, and what another object of ours
/// has at a path is not the device's.
class BeforeNotes {
 public:
  /// `entry` may be null; `record` is the new one, and has its path.
  BeforeNotes(FileContext& context, Parents& parents, const plan::Desired& desired, const Entry* entry,
              FileRecord& record);

  /// A path that is to be a file or link. `there`: something is there; `same`: it is as wanted.
  void file(const std::string& path, bool there, bool same);
  /// A path that is to be a directory; `there` is null when nothing is there.
  void directory(const std::string& path, const struct stat* there);
  /// A path that is to be empty, and where something is.
  void purge(const std::string& path);
  /// The directories above the object's path.
  void parents();

  /// Whether what is foreign was there before the object: later it is drift.
  bool is_first() const { return !record_.has_purged; }

 private:
  bool is_known_ours(const std::string& path);
  bool is_made(const std::string& directory);
  void keep(const std::string& path) { record_.before[path] = {Before::Kind::kept}; }

  FileContext& context_;
  Parents& parents_;
  const ObjectId& id_;
  FileRecord& record_;
  const FileRecord old_;
  const OwnPaths own_;
  bool is_settled_ = false;
  bool repairs_ = false;  ///< the manifest is as it was applied last
};

/// Whether what `record` wants to be kept at `path` is still to be set aside: not when `entry` says that this
/// was done. `entry` may be null.
bool is_to_be_set_aside(const Entry* entry, const std::string& path);

}  // namespace greenwave::drivers::host
