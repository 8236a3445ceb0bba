#pragma once

#include <string>
#include <vector>

#include "render/engine.h"

namespace greenwave::sync {

/// Renders, and also reads the manifests' sources: after this, everything that the device needs of `tree` has
/// been read. So a transport that fetches what is read fetches all of it, and a bundle contains it.
render::Rendered render_and_read(const SourceTree& tree, render::Engine& engine,
                                 const render::Recipient& recipient);

/// The paths of all files that render_and_read reads; the tree may lack some of them.
std::vector<std::string> paths_read(const SourceTree& tree, render::Engine& engine,
                                    const render::Recipient& recipient);

}  // namespace greenwave::sync
