#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/owner.h"
#include "drivers/host/replacement.h"
#include "model/entry.h"
#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

plan::Difference compare_file(Parents& parents, Owners& owners, const plan::Desired& desired,
                              const Entry* entry, const SourceTree& tree, const LookOptions& options);

/// `distrust`, here and below: recorded signatures do not spare reading content.
Drift drift_of_file(const Host& host, const Entry& entry, bool distrust);

struct Placed {
  std::string record;
  std::optional<std::size_t> staged;  ///< its index in the batch
  FileSignature signature;            ///< of what needs no change
};

/// Stages the step's file in `batch`, or returns its signature where it is as it should be already.
/// Throws Error.
Placed place_file(Parents& parents, Owners& owners, Replacements& batch, const plan::Step& step,
                  const SourceTree& tree, bool distrust);

/// Removes what is ours; says what stayed. Durable after touched.sync(). Throws Error.
std::string remove_file_object(const Host& host, const Entry& entry, DirectorySync& touched);

/// Removes what an earlier version of the manifest put elsewhere, unless `claimed` says that another object
/// has its place there now. Throws Error.
void remove_former(const Host& host, const Entry& entry, const std::string& path,
                   const std::function<bool(const std::string&)>& claimed, DirectorySync& touched);

}  // namespace greenwave::drivers::host
