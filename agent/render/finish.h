#pragma once

#include <optional>

#include "base/problem.h"
#include "model/manifest.h"
#include "model/source_tree.h"
#include "render/assemble.h"

namespace greenwave::render {

/// An assembled object as the manifest that goes on: its source found, its digest set. Nothing when it is
/// refused, here (then `problems` says why) or earlier.
std::optional<Manifest> manifest_of(Assembled object, const SourceTree& tree, std::string_view digest_key,
                                    Problems& problems);

}  // namespace greenwave::render
