#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dpkg/package.h"

namespace greenwave::dpkg {

/// dpkg's record of a device's packages, read again only when lstat shows that it has changed. One thread.
class StatusFile {
 public:
  /// `root` is the device's. Nothing is read yet.
  explicit StatusFile(const std::filesystem::path& root);

  /// Whether the device has packages of dpkg's at all.
  bool is_there() const;
  /// Throws Error.
  const Table& read();

 private:
  /// dpkg's journal since it wrote the file, in order: dpkg is at work, or was killed.
  std::vector<std::filesystem::path> updates() const;

  const std::filesystem::path file_;
  const std::filesystem::path updates_;
  std::string seen_;
  Table table_;
};

}  // namespace greenwave::dpkg
