#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "drivers/host/confined.h"

namespace greenwave::drivers::host {

/// What lies below a directory and is not among `names` (relative to it, a directory beside what is in it).
/// No link is ever followed. A foreign directory counts as one name.
std::vector<std::string> foreign_names(Parents& parents, const std::string& directory,
                                       const std::set<std::string>& names);

/// Removes all of that, foreign directories with everything in them; never what lies on another file system
/// that is mounted below (Error, conflict). Returns what it removed. Durable after touched.sync().
std::vector<std::string> remove_foreign(Parents& parents, const std::string& directory,
                                        const std::set<std::string>& names, DirectorySync& touched);

/// Removes what is at `path`, a directory with everything in it, under the same rules.
void remove_all(Parents& parents, const std::string& path, DirectorySync& touched);

}  // namespace greenwave::drivers::host
