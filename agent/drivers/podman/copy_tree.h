#pragma once

#include <string>

namespace greenwave::drivers::podman {

/// Copies a directory to `to`, which is not there yet: files, directories, links and pipes with their owners,
/// modes and times. Links are not followed, sockets are left out. Throws Error.
void copy_tree(const std::string& from, const std::string& to);

}  // namespace greenwave::drivers::podman
