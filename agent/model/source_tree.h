#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace greenwave {

/// The files of one commit, read-only. Paths are relative to the cluster's root ("" is the root), with
/// single slashes and without "." or "..". Implementations are used by one thread at a time.
class SourceTree {
 public:
  enum class Type { file, executable, link, directory, other };

  struct Item {
    std::string name;  ///< the last part of its path
    Type type = Type::file;
    std::string oid;  ///< hexadecimal; equal oids mean equal content
  };

  virtual ~SourceTree() = default;

  virtual std::optional<Item> find(const std::string& path) const = 0;
  /// Sorted by name (bytewise); empty when `path` is no directory.
  virtual std::vector<Item> list(const std::string& path) const = 0;
  /// A file's bytes, or a link's target. Throws Error: invalid when there is no such file or it is larger
  /// than `cap` bytes, damaged when the store cannot give it.
  virtual std::string read(const std::string& path, std::size_t cap) const = 0;
  /// What is encrypted in a file (Source::encrypted). Throws as read does, and Error (invalid) when it cannot
  /// be opened: as here, where nothing can be.
  virtual std::string read_encrypted(const std::string& path, std::size_t cap) const;
};

}  // namespace greenwave
