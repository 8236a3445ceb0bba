#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "model/object_id.h"

namespace greenwave {

/// What lstat(2) said of a file just after we wrote it, and what was in it: as git's index does it, content
/// is hashed again only where lstat says something else.
struct FileSignature {
  std::string path;  ///< as manifests write it: absolute, below the root
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  Digest content;  ///< of a regular file's bytes or a link's target; zero for a directory

  bool operator==(const FileSignature&) const = default;
};

/// What the agent knows of an object that it applied, or began to apply.
struct Entry {
  ObjectId id;
  Digest digest;          ///< of the manifest as last applied; zero: never fully applied
  bool intended = false;  ///< an apply began and its result is not known: "ours, state unknown"
  std::string commit;     ///< that last changed it
  int rank = 0;           ///< of its footprint: removal goes from high to low
  std::vector<std::string> claims;
  std::string record;  ///< the driver's own JSON: what observe and remove need to know
  std::vector<FileSignature> files;
  bool live = false;  ///< has state beyond `files` that the driver must be asked about (a unit, a command)
  bool keep = false;  ///< greenwave.dev/prune: disabled
  std::string error;  ///< why the last try failed; empty: it did not
};

}  // namespace greenwave
