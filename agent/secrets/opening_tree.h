#pragma once

#include <memory>
#include <string_view>

#include "model/source_tree.h"
#include "secrets/identity.h"

namespace greenwave::secrets {

/// Of a file whose name ends in .age. Throws Error (invalid) where it is not encrypted by age.
void check_encrypted(const std::string& path, std::string_view bytes);

/// A commit's files, which decrypts those that age encrypted when asked to.
class OpeningTree : public SourceTree {
 public:
  OpeningTree(std::unique_ptr<SourceTree> tree, Keyring keys)
      : tree_(std::move(tree)), keys_(std::move(keys)) {}

  std::optional<Item> find(const std::string& path) const override { return tree_->find(path); }
  std::vector<Item> list(const std::string& path) const override { return tree_->list(path); }
  std::string read(const std::string& path, std::size_t cap) const override { return tree_->read(path, cap); }
  std::string read_encrypted(const std::string& path, std::size_t cap) const override;

 private:
  std::unique_ptr<SourceTree> tree_;
  Keyring keys_;
};

}  // namespace greenwave::secrets
