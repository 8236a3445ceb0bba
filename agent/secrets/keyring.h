#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/problem.h"
#include "secrets/identity.h"

namespace greenwave::secrets {

/// Reads the identities from the files. Do this each time something is decrypted, and keep them no longer. A
/// file that cannot be used is a problem; the others still work.
Keyring read_keyring(const std::vector<std::filesystem::path>& files, Problems& problems);

/// The two halves of that, for a process which reads what another one opens: no file if it cannot be opened.
Fd open_keys(const std::filesystem::path& file, Problems& problems);
Keyring read_keys(int opened, const std::string& name, Problems& problems);

/// Changes when one of the files is replaced.
std::string stamp_of(const std::vector<std::filesystem::path>& files);

}  // namespace greenwave::secrets
