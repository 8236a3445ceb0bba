#pragma once

#include <string>
#include <vector>

#include "render/render.h"

namespace greenwave::sync {

/// The device that a fetch is for: enough to find out which files it needs, and nothing secret, so that the
/// code that fetches may know it.
struct Recipient {
  std::string device;
  Labels labels{};  ///< of its own configuration
  Labels facts{};   ///< arch, os
  bool namespace_from_directory = false;
};

/// Without keys: what is encrypted stays encrypted (Rendered::veiled), and digests have no key.
render::Identity identity_of(const Recipient& recipient);

/// Renders, and also reads the manifests' sources: after this, everything that the device needs of `tree` has
/// been read. So a transport that fetches what is read fetches all of it, and a bundle contains it.
render::Rendered render_and_read(const SourceTree& tree, const render::Identity& identity);

/// The paths of all files that render_and_read reads; the tree may lack some of them.
std::vector<std::string> paths_read(const SourceTree& tree, const render::Identity& identity);

}  // namespace greenwave::sync
