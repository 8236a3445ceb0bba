#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/source_tree.h"
#include "sandbox/channel.h"

namespace greenwave::render::confined {

/// A commit's files, as the agent at the other end of the channel has them. Each directory is asked for once.
class AskingTree : public SourceTree {
 public:
  explicit AskingTree(sandbox::Channel& channel) : channel_(channel) {}

  std::optional<Item> find(const std::string& path) const override;
  std::vector<Item> list(const std::string& path) const override { return directory(path); }
  std::string read(const std::string& path, std::size_t cap) const override;

 private:
  const std::vector<Item>& directory(const std::string& path) const;

  sandbox::Channel& channel_;
  mutable std::unordered_map<std::string, std::vector<Item>> directories_;
};

}  // namespace greenwave::render::confined
