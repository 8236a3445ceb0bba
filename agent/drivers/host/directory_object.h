#pragma once

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

Drift drift_of_directory(const Host& host, Owners& owners, const Entry& entry, bool distrust);

/// Makes the directory and everything in it: durable after the sync of Kept and of `touched`. One name's
/// failure does not stop the others.
Applied apply_directory(FileContext& context, const plan::Step& step, DirectorySync& touched);

}  // namespace greenwave::drivers::host
