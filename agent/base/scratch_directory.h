#pragma once

#include <filesystem>
#include <string_view>

namespace greenwave {

/// A directory below the system's temporary one, for its owner alone. It is removed with this, and all that
/// is in it.
class ScratchDirectory {
 public:
  /// `purpose` is in its name: greenwave-PURPOSE-…. Throws Error (transient).
  explicit ScratchDirectory(std::string_view purpose);
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace greenwave
