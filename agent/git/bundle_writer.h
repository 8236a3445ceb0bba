#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "git/transport.h"

namespace greenwave::git {

struct BundleOrder {
  std::filesystem::path repository;
  std::string branch = "main";
  std::string path;   ///< of the cluster in the repository, as Repository::path
  std::string since;  ///< a commit that the device has applied, as git names it; empty: it may have none
};

struct WrittenBundle {
  std::string commit;
  std::size_t commits = 0;  ///< with those that lead to it
  std::size_t objects = 0;
  std::uint64_t bytes = 0;
};

/// Writes a bundle (git's gitformat-bundle, version 3) with what `visit` reads of the branch's commit, and no
/// other file of the repository: what a server that filters would have sent to the device. All commits since
/// `since`, or of the whole history, come with it, without their files: a device accepts none of which it
/// can't tell that it descends from the last one. For devices alone: git itself can't check such a bundle
/// out.
WrittenBundle write_bundle(const BundleOrder& order, const Visit& visit, const std::filesystem::path& file);

}  // namespace greenwave::git
