#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/source_tree.h"
#include "render/kustomize/kustomization.h"
#include "render/object/declared.h"
#include "secrets/identity.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// Limits of one build: a device has little memory, and many people write its repository.
struct Limits {
  std::size_t depth = 32;      ///< of nested bases and components
  std::size_t builds = 1'000;  ///< of directories, counted each time they are used
  std::size_t objects = 10'000;
  std::size_t bytes = 64 << 20;  ///< approximate: files read, and objects created from them
};

/// The file that makes `directory` a kustomization; nothing if it is not one.
std::optional<std::string> kustomization_file(const SourceTree& tree, const std::string& directory);

/// Renders a directory as `kustomize build` (v5) does, without its plugins, Helm and remote bases. The
/// objects come in its order too: by kind, Namespaces first and webhooks last, unless sortOptions say
/// another. Pure.
///
/// What it does differently: Greenwave's own kinds get no namespace, and their references to other objects
/// follow a change of name. Every node of the result has the place where it was written: in a resource, a
/// patch, or a kustomization.
///
/// What SOPS encrypted is opened before anything changes it, with `keys`; see open_documents(), and `file`
/// gets what is said of that.
///
/// Nothing on errors; see file.problems.
std::optional<std::vector<yaml::Node>> build(const SourceTree& tree, const std::string& directory,
                                             const secrets::Keyring* keys, ReadFile& file,
                                             const Limits& limits = {});
/// The same without keys.
std::optional<std::vector<yaml::Node>> build(const SourceTree& tree, const std::string& directory,
                                             Problems& problems, const Limits& limits = {});

}  // namespace greenwave::render::kustomize
