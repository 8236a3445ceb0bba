#pragma once

#include "render/render.h"

namespace greenwave::sync {

/// Renders, and reads as well what the manifests name as their sources: after this everything that a device
/// of this identity needs of `tree` was read. So a transport that brings what is read brings this, and a
/// bundle holds it.
render::Rendered render_and_read(const SourceTree& tree, const render::Identity& identity);

}  // namespace greenwave::sync
