#pragma once

#include <string>
#include <vector>

#include "render/render.h"

namespace greenwave::sync {

/// Whom a fetch is for: enough to find out which files a device needs, and nothing that is secret, so that
/// whoever fetches may know it.
struct Recipient {
  std::string device;
  Labels labels{};  ///< of its own configuration
  Labels facts{};   ///< arch, os
  bool namespace_from_directory = false;
};

/// Without keys: what is encrypted stays so (Rendered::veiled), and digests are made with no key.
render::Identity identity_of(const Recipient& recipient);

/// Renders, and reads as well what the manifests name as their sources: after this everything that the device
/// needs of `tree` was read. So a transport that brings what is read brings this, and a bundle holds it.
render::Rendered render_and_read(const SourceTree& tree, const render::Identity& identity);

/// The paths of all files that render_and_read reads; the tree may lack some of them.
std::vector<std::string> paths_read(const SourceTree& tree, const render::Identity& identity);

}  // namespace greenwave::sync
