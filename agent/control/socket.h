#pragma once

#include <filesystem>

#include "base/fd.h"
#include "base/log.h"
#include "control/peer.h"

namespace greenwave::control {

/// Listens on a unix socket at `path`, mode 0660, of the policy's group where there is one. A socket that a
/// daemon left behind is replaced. Throws Error: conflict when a daemon answers there, or when something
/// that is no socket has the name; invalid when the path is too long for a socket's address.
Fd listen_at(const std::filesystem::path& path, const Policy& policy, const Log& log);

}  // namespace greenwave::control
