#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "model/object_id.h"
#include "yaml/node.h"

namespace greenwave {

/// Annotations that Greenwave reads on every manifest.
namespace annotations {
inline constexpr std::string_view depends_on = "greenwave.dev/depends-on";  ///< "File/a, SystemdUnit/b"
inline constexpr std::string_view prune = "greenwave.dev/prune";            ///< "disabled" keeps the object
}  // namespace annotations

/// A file or directory in the repository that a manifest's `spec.source` names.
struct Source {
  std::string path;  ///< relative to the cluster's root, normalised: no leading slash, no "." or ".."
  std::string oid;   ///< hexadecimal id of git's blob or tree: changes when the content does
  bool is_directory = false;
  bool encrypted = false;  ///< a File's source, by age: read with SourceTree::read_encrypted
};

/// The file name suffix of a source that age encrypted.
inline constexpr std::string_view encrypted_ending = ".age";

/// The maximum size of a source file.
inline constexpr std::size_t largest_source = 64 << 20;

/// One rendered object for this device: layers merged, variables replaced.
struct Manifest {
  ObjectId id;
  yaml::Node document;           ///< the whole map: apiVersion, kind, metadata, spec
  std::optional<Source> source;  ///< set if there is a spec.source (our File and Directory)
  Digest digest;                 ///< of `document` and of the source's oid, keyed
  /// Part of it was encrypted in the repository. Its content is never shown, and only root can read it unless
  /// the manifest says otherwise. Its name and place (metadata, paths, units) are not secret.
  bool sensitive = false;

  const Place& place() const { return document.place; }
  /// An empty map when the manifest has none.
  const yaml::Node& spec() const;
  std::string annotation(std::string_view key) const;  ///< empty when absent
};

/// Sets `sensitive` and `digest` from the rest. The state file keeps the digest, so it is an HMAC with a key
/// that only this device has: a plain hash of a short secret could be found by trying.
void seal(Manifest& manifest, std::string_view digest_key);

}  // namespace greenwave
