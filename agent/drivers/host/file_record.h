#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "drivers/host/signature.h"
#include "model/entry.h"

namespace greenwave::drivers::host {

/// What a File's or Directory's Entry::record holds, as JSON.
struct FileRecord {
  std::string path;
  Attributes attributes;
  /// Something that is not ours stood there before. Until a first apply is known to have succeeded, it is
  /// not known that it was ever changed.
  bool adopted = false;
  /// What was put there is a secret, which no later comparison may show.
  bool sensitive = false;

  // Of a Directory with a source alone; names are relative to `path`.
  bool purge = false;
  Attributes file_attributes;
  std::vector<std::string> executables;  ///< sorted
  std::vector<std::string> links;        ///< sorted
  /// In an intent: what the apply is about to make where nothing is.
  std::vector<std::string> creates;
};

std::string to_json(const FileRecord& record);

/// Throws Error (internal) when `text` is not what to_json writes.
FileRecord record_from_json(const std::string& text);

/// Whether an entry's path is only adopted in intention: something was there, and it is not known that it was
/// ever changed. It must not be removed.
bool never_touched(const Entry& entry, const FileRecord& record);

/// Completes the record of an applied step by what its compare found. That is missing where compare could not
/// look, because something that a step of the same plan removes was in the way: then nothing is adopted.
void complete(FileRecord& record, const std::string& intent);

/// The record of an intent that is known to have changed nothing: a later prune leaves alone what is there.
std::string as_untouched(const std::string& intent);

/// Whether applying at `path`, where something is or is not now, adopts it. `entry` may be null.
bool is_adoption(const Entry* entry, const std::string& path, bool exists);

}  // namespace greenwave::drivers::host
