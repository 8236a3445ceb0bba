#pragma once

#include <optional>
#include <string>

#include "git/store.h"

namespace greenwave::git {

/// The bytes of a commit object, or nothing when the store lacks it; looked for once, without searching the
/// disk for packs that came meanwhile. Throws Error: damaged when it cannot be read, untrusted when it is
/// larger than 1 MiB, invalid when the object is no commit.
std::optional<std::string> find_raw_commit(const Store& store, const std::string& commit);

/// The same where the commit must be there: it is damaged if it isn't.
std::string read_raw_commit(const Store& store, const std::string& commit);

}  // namespace greenwave::git
