#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/source_tree.h"

namespace greenwave::sync {

/// A tree with all of these directories; null: there is none.
using WithDirectories =
    std::function<std::unique_ptr<SourceTree>(const std::vector<std::string>& directories)>;

/// The files that `after` has and `before` has not, or the other way round, or both with another content or
/// type; sorted. Reads the directories that differ and no file, one level of them at a time, so that they can
/// be brought a level at a time.
std::vector<std::string> changed_paths(const WithDirectories& before, const WithDirectories& after);

}  // namespace greenwave::sync
