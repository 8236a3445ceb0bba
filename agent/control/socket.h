#pragma once

#include <filesystem>

#include "base/fd.h"
#include "base/log.h"
#include "control/peer.h"

namespace greenwave::control {

/// Listens on a unix socket at `path`, mode 0660, owned by the policy's group if there is one. Replaces a
/// socket that a daemon left behind. Throws Error: conflict when a daemon answers there, or something that is
/// not a socket has that name; invalid when the path is too long for a socket address.
Fd listen_at(const std::filesystem::path& path, const Policy& policy, const Log& log);

}  // namespace greenwave::control
