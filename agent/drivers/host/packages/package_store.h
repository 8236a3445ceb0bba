#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/host/packages/package_record.h"

namespace greenwave::drivers::host {

/// The .debs that the agent keeps, so that a version can come back without a network: those that it installs,
/// and those made of what was installed. Functions throw Error.
class PackageStore {
 public:
  explicit PackageStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Where a version is, or would be.
  std::filesystem::path file_of(std::string_view name, std::string_view version,
                                std::string_view architecture) const;
  bool has(const std::filesystem::path& file) const;
  /// One of that version for the device; empty: there is none.
  std::filesystem::path find(std::string_view name, std::string_view version) const;
  /// Durable.
  void put(const std::filesystem::path& file, std::string_view bytes) const;
  /// Makes the directory, for a job that keeps something there.
  void prepare() const;
  /// Removes all versions of a package but these.
  void drop_others(std::string_view name, const std::vector<std::string>& versions) const;

 private:
  const std::filesystem::path directory_;
};

}  // namespace greenwave::drivers::host
