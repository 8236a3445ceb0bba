#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "model/commit_id.h"
#include "model/object_id.h"

namespace greenwave {

/// lstat(2) of a file just after we wrote it, and a digest of its content. As in git's index, content is
/// hashed again only when lstat differs.
struct FileSignature {
  std::string path;  ///< as in the manifest: absolute, below the root
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  Digest content;  ///< of a regular file's bytes or a link's target; zero for a directory

  bool operator==(const FileSignature&) const = default;
};

/// What the agent knows about an object that it applied, or started to apply.
struct Entry {
  ObjectId id;
  Digest digest;          ///< of the manifest as last applied; zero: never fully applied
  bool intended = false;  ///< an apply started and its result is unknown: "ours, state unknown"
  CommitId commit;        ///< that changed it last
  int rank = 0;           ///< from its footprint: removal goes from high to low
  std::vector<std::string> claims;
  std::string record;  ///< the driver's JSON, for drift detection and removal
  std::vector<FileSignature> files;
  bool live = false;    ///< has state beyond `files` that only the driver can query (a unit, a command)
  bool keep = false;    ///< greenwave.dev/prune: disabled
  std::string error;    ///< why the last try failed; empty if it succeeded
  bool passes = false;  ///< with `error`: every try since it was well failed by a fault that passes
};

}  // namespace greenwave
