#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drivers/host/confined.h"
#include "drivers/host/readers.h"
#include "drivers/host/signature.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// What a path should hold: a file or a link.
struct Wanted {
  const std::string& path;
  std::string_view content;  ///< a link's target
  Attributes attributes;
  bool sensitive = false;
};

/// The signature of what is at the path when that is as wanted, else nothing. Content is not read where lstat
/// is as in `known` (which may be null). Throws Error (conflict) where a directory or special file is in
/// the way, which is never replaced.
std::optional<FileSignature> as_wanted(Parents& parents, const Wanted& wanted, const FileSignature* known);

/// A comparison for people. `record` stays empty. Content is shown only where Readers say so; that of a new
/// file only with `describe`.
plan::Difference compare(Parents& parents, Readers& readers, const Wanted& wanted, const FileSignature* known,
                         bool describe);

/// The same where nothing will be by then.
plan::Difference compare_with_nothing(Parents& parents, Readers& readers, const Wanted& wanted,
                                      bool describe);

/// Puts into the difference that its owner or group is not on the device yet.
void note_missing(const Error& missing, const std::string& path, plan::Difference& difference);

/// "mode 0644, owner 0:0"
std::string in_words(const Attributes& attributes);

}  // namespace greenwave::drivers::host
