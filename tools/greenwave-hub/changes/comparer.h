#pragma once

#include <atomic>
#include <optional>

#include "changes/changes.h"
#include "changes/objects.h"
#include "config/config.h"
#include "model/source_tree.h"

namespace greenwave::hub {

/// Compares two commits, for all devices or for that of `pair` alone, in a run of this program that can do
/// nothing else (sandbox/child.h), and for a minute at the most. `config` says what devices allow. Throws
/// Error: invalid for what is wrong with the commits, transient where the process ends, takes too long, or
/// `stop` is set; and what the trees throw.
Changes compare(const SourceTree& base, const SourceTree& head, const CommitPair& pair,
                const config::Config& config, const std::atomic<bool>& stop);

/// Finds the objects of the device of `pair` in the same way, and throws the same.
DeviceObjects find_objects(const SourceTree& tree, const CommitPair& pair, const std::atomic<bool>& stop);

/// For main(), before anything else: whether this run is that process. Then it has answered, and this is its
/// exit status.
std::optional<int> run_if_comparer(int argc, char** argv);

}  // namespace greenwave::hub
