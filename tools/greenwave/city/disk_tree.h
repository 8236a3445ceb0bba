#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "git/checkout.h"
#include "model/source_tree.h"

namespace greenwave::cli {

/// A directory's files as a commit of all of them would have them: without .git and what git ignores, links
/// not followed, a file executable if its owner may run it, a pointer in place of what is in Git LFS. Files
/// are assumed not to change once they were read.
class DiskTree : public SourceTree {
 public:
  explicit DiskTree(std::filesystem::path directory);

  std::optional<Item> find(const std::string& path) const override;
  std::vector<Item> list(const std::string& path) const override;
  std::string read(const std::string& path, std::size_t cap) const override;

 private:
  const Item* item(const std::string& path) const;
  const std::vector<Item>& items(const std::string& path) const;
  std::string oid_of(const std::string& path, Type type) const;

  std::filesystem::path directory_;
  std::unique_ptr<git::Checkout> checkout_;                       ///< null: in no repository
  mutable std::map<std::string, std::vector<Item>> directories_;  ///< by path; oids are computed on demand
  mutable std::map<std::string, std::string> oids_;
};

}  // namespace greenwave::cli
