#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace greenwave::git {

/// What stands before the pack in a bundle (git's gitformat-bundle, versions 2 and 3).
struct BundleHeader {
  std::vector<std::string> prerequisites;                 ///< commits that it builds on
  std::vector<std::pair<std::string, std::string>> refs;  ///< name, commit
  std::size_t size = 0;                                   ///< bytes up to the pack
};

constexpr std::size_t most_bundle_header = 1024 * 1024;

/// Reads the header at the start of `bytes`: of the whole file, or of its first 1 MiB. Throws Error
/// (invalid): not a bundle, broken off, or of a kind that is not known.
BundleHeader parse_bundle_header(std::string_view bytes);

}  // namespace greenwave::git
