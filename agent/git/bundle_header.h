#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/commit_id.h"

namespace greenwave::git {

/// The part of a bundle before the pack (git's gitformat-bundle, versions 2 and 3).
struct BundleHeader {
  std::vector<CommitId> prerequisites;                 ///< that it requires
  std::vector<std::pair<std::string, CommitId>> refs;  ///< name, commit
  std::string made_for;                                ///< the device's id; empty: any, or unknown
  std::size_t size = 0;                                ///< bytes up to the pack
};

/// What `greenwave bundle` names the device by, in a ref of the header beside the branch's: git's format has
/// nowhere else for it.
constexpr std::string_view device_ref = "refs/greenwave/device/";

constexpr std::size_t most_bundle_header = 1024 * 1024;

/// Parses the header at the start of `bytes`: the whole file, or its first 1 MiB. Throws Error (invalid): not
/// a bundle, truncated, or of an unsupported kind.
BundleHeader parse_bundle_header(std::string_view bytes);

}  // namespace greenwave::git
