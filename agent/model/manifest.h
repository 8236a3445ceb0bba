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
inline constexpr std::string_view on_removal = "greenwave.dev/on-removal";  ///< see OnRemoval
}  // namespace annotations

/// What becomes of an object on the device when no manifest declares it any more.
enum class OnRemoval {
  give_back,  ///< it is removed, and what the device had in its place before is back ("give-back", the
              ///< default)
  remove,     ///< it is removed, and so is what the device had before ("delete")
  keep,       ///< it stays ("keep", and greenwave.dev/prune: disabled)
};

/// A file or directory in the repository that a manifest's `spec.source` names.
struct Source {
  std::string path;  ///< relative to the cluster's root, normalised: no leading slash, no "." or ".."
  std::string oid;   ///< hexadecimal id of git's blob or tree: changes when the content does
  bool is_directory = false;
  bool encrypted = false;  ///< a File's source, by age or SOPS: read with SourceTree::read_encrypted
};

/// The file name suffix of a source that age encrypted.
inline constexpr std::string_view encrypted_ending = ".age";

/// The maximum size of a source file.
inline constexpr std::size_t largest_source = 64 << 20;

/// One rendered object for this device: layers merged, variables replaced.
struct Manifest {
  ObjectId id;
  yaml::Node document;           ///< the whole map: apiVersion, kind, metadata, spec
  std::optional<Source> source;  ///< set if there is a spec.source (our File, Directory and Package)
  Digest digest;                 ///< of `document` and of the source's oid, keyed
  /// Part of it was encrypted in the repository. Its content is never shown, and only root can read it unless
  /// the manifest says otherwise. Its name and place (metadata, paths, units) are not secret.
  bool sensitive = false;
  /// By the annotations; another word than the three counts as absent.
  OnRemoval on_removal = OnRemoval::give_back;

  const Place& place() const { return document.place; }
  /// An empty map when the manifest has none.
  const yaml::Node& spec() const;
  std::string annotation(std::string_view key) const;  ///< empty when absent
};

/// Sets `sensitive`, `on_removal` and `digest` from the rest. The state file keeps the digest, so it is an
/// HMAC with a key that only this device has: a plain hash of a short secret could be found by trying.
void seal(Manifest& manifest, std::string_view digest_key);

}  // namespace greenwave
