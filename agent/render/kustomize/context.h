#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/source_tree.h"
#include "render/kustomize/kustomization.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// Ends a build whose problem is already reported.
struct Refused {};

/// What the steps of one build share: where files come from, where problems go, and how much may still be
/// made. Without that bound a few lines of kustomization can ask for more than any device has: bases that
/// double, patches that copy a document into itself.
class Context {
 public:
  Context(const SourceTree& files, std::size_t most_bytes, Problems& found)
      : tree(files), problems(found), bytes_(most_bytes) {}

  /// The bytes of the file that `path` names in `directory`. It must lie in or below that directory, as
  /// kustomize wants it. Nothing when it cannot be had; `problems` says why.
  std::optional<std::string> read(const std::string& directory, const Text& path);

  /// Takes from what may still be made. Throws Refused, with a problem at `place`.
  void spend(std::size_t bytes, const Place& place);

  const SourceTree& tree;
  Problems& problems;
  std::size_t builds = 0;  ///< of directories

 private:
  std::size_t bytes_;
};

/// About the bytes that a copy of `node` takes.
std::size_t weight(const yaml::Node& node);

/// Whether `written` names something that is to be fetched from elsewhere.
bool is_remote(const std::string& written);

}  // namespace greenwave::render::kustomize
