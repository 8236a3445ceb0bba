#pragma once

#include <string>

#include "drivers/host/confined.h"

namespace greenwave::drivers::host {

/// Copies what is at `from` to `to`, where nothing is: content, mode, owner, times, extended attributes
/// (access control lists are among them), links as links, directories with everything in them. No link is
/// followed, and no mounted file system entered (Error, conflict). Not durable yet. `path` is for messages.
void copy_tree(const Spot& from, const Spot& to, const std::string& path);

/// Removes `name`, a directory with everything in it; never what lies on another file system that is mounted
/// below (Error, conflict). Nothing happens when there is none.
void remove_tree(int directory, const std::string& name, const std::string& path);

/// Throws Error (conflict) when a file system is mounted at or below `name`.
void refuse_mounts(int directory, const std::string& name, const std::string& path);

/// The names in an open directory, sorted.
std::vector<std::string> names_in(int directory, const std::string& path);

}  // namespace greenwave::drivers::host
