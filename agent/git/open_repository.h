#pragma once

#include <filesystem>

#include "git/handle.h"

namespace greenwave::git {

/// Opens a repository on this disk, bare or with a .git directory. Throws Error: transient when there is none
/// (now), invalid when it can't be read.
RawRepository open_repository(const std::filesystem::path& path);

}  // namespace greenwave::git
