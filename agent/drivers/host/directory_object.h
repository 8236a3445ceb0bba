#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "drivers/host/file_context.h"
#include "model/entry.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// The state of a Directory after an apply. With an error: as far as it came, and what was known before.
struct Applied {
  std::string record;
  std::vector<FileSignature> files;  ///< the directory itself first, a directory before what is in it
  std::optional<Error> error;
};

/// `succeeds`: as for compare_file.
plan::Difference compare_directory(FileContext& context, const plan::Desired& desired, const Entry* entry,
                                   bool succeeds);

/// `is_others`: another Directory says what mode and owner the directory at a path has.
Drift drift_of_directory(const Host& host, Owners& owners, const Entry& entry, bool distrust,
                         const std::function<bool(const std::string& path)>& is_others);

/// Makes the directory and everything in it: durable after the sync of Kept and of `touched`. One name's
/// failure does not stop the others.
Applied apply_directory(FileContext& context, const plan::Step& step, DirectorySync& touched);

}  // namespace greenwave::drivers::host
