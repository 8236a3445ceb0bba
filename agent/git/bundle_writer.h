#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "git/transport.h"

namespace greenwave::git {

struct BundleOrder {
  std::filesystem::path repository;
  std::string branch = "main";
  std::string path;    ///< the cluster's directory in the repository, as Repository::path
  std::string device;  ///< which it is made for: named in the file, if a ref's name may hold it
  std::string since;   ///< a commit that the device has, as a git revision; empty: it may have none
  /// Paths whose approvals the device counts: the directories on the way to them come with every commit.
  std::vector<std::string> guarded{};
};

struct WrittenBundle {
  CommitId commit;
  std::size_t commits = 0;  ///< including its ancestors
  std::size_t objects = 0;
  std::uint64_t bytes = 0;
};

/// Writes a bundle (git's gitformat-bundle, version 3) with the files of the branch's commit that `visit`
/// reads, and no others: the same files that a filtering server would send to the device. It includes all
/// commits since `since` (or the whole history), but not their files: a device only accepts a commit if it
/// can tell that the commit descends from its last one. For devices only: git cannot check out such a
/// bundle.
WrittenBundle write_bundle(const BundleOrder& order, const Visit& visit, const std::filesystem::path& file);

}  // namespace greenwave::git
