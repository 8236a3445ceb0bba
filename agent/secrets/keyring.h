#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/problem.h"
#include "secrets/identity.h"

namespace greenwave::secrets {

/// What the files' identities are. They are read whenever something is to be opened, and held no longer. A
/// file that cannot be used is a problem, and the others serve.
Keyring read_keyring(const std::vector<std::filesystem::path>& files, Problems& problems);

/// Changes when one of the files is replaced.
std::string stamp_of(const std::vector<std::filesystem::path>& files);

}  // namespace greenwave::secrets
