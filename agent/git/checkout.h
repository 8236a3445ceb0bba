#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace greenwave::git {

/// What a commit of everything in a checkout has: which files, and which bytes. Paths are relative to the
/// directory that it was opened for. Reads the repository's own configuration, not the user's. One thread.
class Checkout {
 public:
  /// The checkout at or above `inside`; null when there is none.
  static std::unique_ptr<Checkout> at(const std::filesystem::path& inside);
  ~Checkout();
  Checkout(const Checkout&) = delete;
  Checkout& operator=(const Checkout&) = delete;

  /// Whether git ignores it, and no commit before had it.
  bool ignores(const std::string& path, bool is_directory) const;
  /// Whether a directory is a repository of its own.
  bool is_submodule(const std::string& path) const;
  /// Whether git keeps only a pointer, and Git LFS the file.
  bool is_in_lfs(const std::string& path) const;
  /// The bytes that git keeps for a file with these: with its line ends.
  std::string kept(const std::string& path, std::string bytes) const;

 private:
  struct Handles;
  explicit Checkout(std::unique_ptr<Handles> handles);

  std::string whole(const std::string& path) const;

  std::unique_ptr<Handles> handles_;
};

}  // namespace greenwave::git
