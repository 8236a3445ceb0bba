#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/others.h"
#include "drivers/host/owner.h"
#include "drivers/host/replacement.h"
#include "model/entry.h"
#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// What one of `others` has at its path is not adopted. `succeeds`: what is at its path now belongs to
/// another object, which leaves before.
plan::Difference compare_file(Parents& parents, Owners& owners, const plan::Desired& desired,
                              const Entry* entry, const SourceTree& tree, const LookOptions& options,
                              const Others& others, bool succeeds);

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
std::string remove_file_object(const Host& host, const Entry& entry, const Others& others,
                               DirectorySync& touched);

/// Removes what an earlier version of the manifest put elsewhere, unless `is_others` says that it is
/// another's by now. Throws Error.
void remove_former(const Host& host, const Entry& entry, const std::string& path,
                   const std::function<bool(const std::string&)>& is_others, DirectorySync& touched);

}  // namespace greenwave::drivers::host
