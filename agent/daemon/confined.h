#pragma once

#include <optional>

namespace greenwave::daemon {

/// For main(), before anything else: whether this run is one that an agent started to be confined
/// (sandbox/child.h). Then it has done what it was started for, and this is its exit status. Throws Error.
std::optional<int> run_if_confined(int argc, char** argv);

}  // namespace greenwave::daemon
