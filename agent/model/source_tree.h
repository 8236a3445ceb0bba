#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace greenwave {

/// The files of one commit, read-only. Paths are relative to the cluster's root ("" is the root), with single
/// slashes and no "." or "..". Implementations are for one thread at a time.
class SourceTree {
 public:
  enum class Type { file, executable, link, directory, other };

  struct Item {
    std::string name;  ///< the last component of its path
    Type type = Type::file;
    std::string oid;  ///< hexadecimal; equal oids mean equal content
  };

  virtual ~SourceTree() = default;

  virtual std::optional<Item> find(const std::string& path) const = 0;
  /// Sorted by name (bytewise); empty when `path` is not a directory.
  virtual std::vector<Item> list(const std::string& path) const = 0;
  /// A file's bytes, or a link's target. Throws Error: invalid when the file does not exist or is larger than
  /// `cap` bytes, damaged when the store cannot read it.
  virtual std::string read(const std::string& path, std::size_t cap) const = 0;
  /// The decrypted content of a file (see Source::encrypted). Throws like read, and Error (invalid) when it
  /// cannot be decrypted; this implementation never can.
  virtual std::string read_encrypted(const std::string& path, std::size_t cap) const;
};

}  // namespace greenwave
