#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/source_tree.h"
#include "render/kustomize/kustomization.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// What one build may take. A device has little memory, and its repository is written by many.
struct Limits {
  std::size_t depth = 32;      ///< of bases and components in each other
  std::size_t builds = 1'000;  ///< of directories, each counted as often as it is used
  std::size_t objects = 10'000;
  std::size_t bytes = 64 << 20;  ///< about: of the files read and of what is made from them
};

/// The file that makes `directory` a kustomization; nothing when it is none.
std::optional<std::string> kustomization_file(const SourceTree& tree, const std::string& directory);

/// Renders a directory as `kustomize build` (v5) does, without its plugins, Helm, remote bases and vars. The
/// objects come in its order too: by kind, Namespaces first and webhooks last, unless sortOptions say
/// another. Pure.
///
/// What it does differently: Greenwave's own kinds get no namespace, and their references to other objects
/// follow a change of name. Every node of the result knows where it was written: in a resource, a patch, or a
/// kustomization.
///
/// Nothing when something is wrong; `problems` says what.
std::optional<std::vector<yaml::Node>> build(const SourceTree& tree, const std::string& directory,
                                             Problems& problems, const Limits& limits = {});

}  // namespace greenwave::render::kustomize
