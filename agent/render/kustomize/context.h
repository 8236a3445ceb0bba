#pragma once

#include <cstddef>
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

/// Stops a build whose problem has already been reported.
struct Refused {};

/// The bytes that a generator puts into an object.
struct Content {
  std::string bytes;
  Place place;             ///< where they are named
  bool is_veiled = false;  ///< they are still encrypted
};

/// Shared by the steps of one build: the source of files, the problems, and the remaining memory
/// limit. Without that bound a few lines of kustomization can ask for more than any device has: bases that
/// double, patches that copy a document into itself.
class Context {
 public:
  Context(const SourceTree& files, std::size_t most_bytes, Problems& found, const secrets::Keyring* opening,
          ReadFile& whole)
      : tree(files), problems(found), keys(opening), file(whole), bytes_(most_bytes) {}

  /// The bytes of the file that `path` names in `directory`. It must be in or below that directory, as
  /// in kustomize. Nothing when it cannot be read; `problems` says why.
  std::optional<std::string> read(const std::string& directory, const Text& path);

  /// The same for a generator: what age or SOPS encrypted is opened.
  std::optional<Content> read_content(const std::string& directory, const Text& path);

  /// Reduces the remaining limit. Throws Refused, with a problem at `place`.
  void spend(std::size_t bytes, const Place& place);

  const SourceTree& tree;
  Problems& problems;            ///< that end the build
  const secrets::Keyring* keys;  ///< null: what is encrypted stays so
  ReadFile& file;                ///< gets what is said of what is encrypted
  std::size_t builds = 0;        ///< of directories

 private:
  std::size_t bytes_;
};

/// About the bytes that a copy of `node` takes.
std::size_t weight(const yaml::Node& node);

/// Whether `written` is a remote resource.
bool is_remote(const std::string& written);

}  // namespace greenwave::render::kustomize
