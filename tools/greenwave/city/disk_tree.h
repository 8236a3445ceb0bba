#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "model/source_tree.h"

namespace greenwave::cli {

/// A directory's files as a commit of all of them would hold them: what starts with ".git" is left out, links
/// are not followed, an executable file is one that its owner may run. What was read once is taken to stay.
class DiskTree : public SourceTree {
 public:
  explicit DiskTree(std::filesystem::path directory) : directory_(std::move(directory)) {}

  std::optional<Item> find(const std::string& path) const override;
  std::vector<Item> list(const std::string& path) const override;
  std::string read(const std::string& path, std::size_t cap) const override;

 private:
  const Item* item(const std::string& path) const;
  const std::vector<Item>& items(const std::string& path) const;
  std::string oid_of(const std::string& path, Type type) const;

  std::filesystem::path directory_;
  mutable std::map<std::string, std::vector<Item>> directories_;  ///< by path; their oids are made when asked
  mutable std::map<std::string, std::string> oids_;
};

}  // namespace greenwave::cli
