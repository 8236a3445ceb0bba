#pragma once

#include <optional>
#include <string>

#include "drivers/driver.h"
#include "drivers/host/file_context.h"
#include "drivers/host/replacement.h"
#include "model/entry.h"
#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// What an entry says of the file at a path; null: nothing. `entry` may be null.
const FileSignature* signature_at(const Entry* entry, const std::string& path);

/// What one of the other objects has at its path is not adopted. `succeeds`: what is at its path now belongs
/// to another object, which leaves before.
plan::Difference compare_file(FileContext& context, Parents& parents, const plan::Desired& desired,
                              const Entry* entry, bool succeeds);

/// `distrust`: recorded signatures do not spare reading content.
Drift drift_of_file(const Host& host, Owners& owners, const Entry& entry, bool distrust);

struct Placed {
  std::string record;
  std::optional<std::size_t> staged;  ///< its index in the batch
  FileSignature signature;            ///< of what needs no change
};

/// Stages the step's file in `batch`, and sets aside what the device has in its place; or returns the file's
/// signature where it is as it should be already. Throws Error.
Placed place_file(FileContext& context, Parents& parents, Replacements& batch, const plan::Step& step);

/// Takes back what an earlier version of the manifest put elsewhere than at `path`. Throws Error.
void remove_former(FileContext& context, const Entry& entry, const std::string& path, DirectorySync& touched);

}  // namespace greenwave::drivers::host
