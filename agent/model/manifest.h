#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "model/object_id.h"
#include "yaml/node.h"

namespace greenwave {

/// Annotations that Greenwave reads on any manifest.
namespace annotations {
inline constexpr std::string_view depends_on = "greenwave.dev/depends-on";  ///< "File/a, SystemdUnit/b"
inline constexpr std::string_view prune = "greenwave.dev/prune";            ///< "disabled" keeps the object
}  // namespace annotations

/// A file or tree in the repository that a manifest's `spec.source` names.
struct Source {
  std::string path;  ///< from the cluster's root, normalised: no leading slash, no "." or ".."
  std::string oid;   ///< git's name for the blob or tree, hexadecimal: changes when the content does
  bool is_directory = false;
  bool encrypted = false;  ///< a File's, by age: read with SourceTree::read_encrypted
};

/// The ending of a source that age encrypted.
inline constexpr std::string_view encrypted_ending = ".age";

/// A source file may be this large.
inline constexpr std::size_t largest_source = 64 << 20;

/// One rendered object for this device: layers merged, variables replaced.
struct Manifest {
  ObjectId id;
  yaml::Node document;           ///< the whole map: apiVersion, kind, metadata, spec
  std::optional<Source> source;  ///< set where spec.source is (File and Directory of ours)
  Digest digest;                 ///< of `document` and of the source's oid, keyed
  /// Something of it was encrypted in the repository: its content is shown nowhere, and is for root alone
  /// unless it says otherwise. What names it and its place (metadata, paths, units) is no secret.
  bool sensitive = false;

  const Place& place() const { return document.place; }
  /// An empty map when the manifest has none.
  const yaml::Node& spec() const;
  std::string annotation(std::string_view key) const;  ///< empty when absent
};

/// Sets `sensitive` and `digest` from the rest. The digest is kept in the state file, so it is an HMAC with a
/// key of the device's own: without it, what is secret and short could be found by trying.
void seal(Manifest& manifest, std::string_view digest_key);

}  // namespace greenwave
