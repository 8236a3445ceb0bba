#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/host/others.h"
#include "drivers/host/owner.h"
#include "model/entry.h"
#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// The state of a Directory after an apply. With an error: as far as it came, and what was known before.
struct Applied {
  std::string record;
  std::vector<FileSignature> files;  ///< the directory itself first, a directory before what is in it
  std::optional<Error> error;
};

/// `succeeds`: as for compare_file.
plan::Difference compare_directory(const Host& host, Owners& owners, const plan::Desired& desired,
                                   const Entry* entry, const SourceTree& tree, bool distrust,
                                   const Others& others, bool succeeds);

Drift drift_of_directory(const Host& host, const Entry& entry, bool distrust);

/// Makes the directory and everything in it: durable after touched.sync(). One name's failure does not stop
/// the others.
Applied apply_directory(const Host& host, Owners& owners, const plan::Step& step, const SourceTree& tree,
                        bool distrust, const Others& others, DirectorySync& touched);

/// Removes what is ours, and the directory where it is empty then; says what stayed. Throws Error.
std::string remove_directory(const Host& host, const Entry& entry, const Others& others,
                             DirectorySync& touched);

}  // namespace greenwave::drivers::host
