#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/source_tree.h"

namespace greenwave::sync {

/// Returns a tree with all of these directories; null if there is none.
using WithDirectories =
    std::function<std::unique_ptr<SourceTree>(const std::vector<std::string>& directories)>;

/// The files that only one of the two has, or that differ in content or type; sorted. Reads no file, and only
/// directories that differ, one level at a time, so that they can be fetched one level at a time.
std::vector<std::string> changed_paths(const WithDirectories& before, const WithDirectories& after);

}  // namespace greenwave::sync
