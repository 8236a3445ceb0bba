#pragma once

#include <optional>

#include "base/problem.h"
#include "model/manifest.h"
#include "model/source_tree.h"
#include "render/assemble.h"

namespace greenwave::render {

/// The final manifest of an assembled object, with its source resolved and its digest set. Nothing when it
/// was refused, here (`problems` says why) or earlier.
std::optional<Manifest> manifest_of(Assembled object, const SourceTree& tree, std::string_view digest_key,
                                    Problems& problems);

}  // namespace greenwave::render
