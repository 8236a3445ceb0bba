#pragma once

#include <atomic>

#include "config/mirror_config.h"

namespace greenwave::hub {

/// Makes the bare repository of the mirror, if there is none, and sets what devices need of it: filters.
/// Throws Error.
void prepare_mirror(const MirrorConfig& config);

/// Writes the tip file of each branch that the repository has, where the hook was not there yet when it
/// changed. Throws Error.
void write_tips(const MirrorConfig& config);

/// Brings all branches and tags, in one transaction, and drops those that are gone. Throws Error: transient,
/// with the last lines that git said. `stop` ends it.
void fetch_mirror(const MirrorConfig& config, const std::atomic<bool>& stop);

}  // namespace greenwave::hub
