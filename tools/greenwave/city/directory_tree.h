#pragma once

#include <filesystem>

#include "model/source_tree.h"

namespace greenwave::cli {

/// A work tree's files as they lie on disk, for reading what says who gets what. Items have no oid.
class DirectoryTree : public SourceTree {
 public:
  explicit DirectoryTree(std::filesystem::path directory) : directory_(std::move(directory)) {}

  std::optional<Item> find(const std::string& path) const override;
  std::vector<Item> list(const std::string& path) const override;
  std::string read(const std::string& path, std::size_t cap) const override;

 private:
  std::filesystem::path directory_;
};

}  // namespace greenwave::cli
