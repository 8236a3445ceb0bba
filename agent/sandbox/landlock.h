#pragma once

#include <string>
#include <vector>

namespace greenwave::sandbox {

/// From now on this thread, and what it starts, opens nothing but what is at or below these paths, to read or
/// also to write: Linux's Landlock, landlock(7). Paths that are not there are left out. Returns what the
/// kernel lacks of it; empty: nothing. Needs no_new_privs.
std::string restrict_paths(const std::vector<std::string>& read, const std::vector<std::string>& write);

/// What restrict_paths() would say of this kernel.
std::string lacking_landlock();

}  // namespace greenwave::sandbox
