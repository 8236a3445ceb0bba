#pragma once

#include <memory>

#include "render/engine.h"

namespace greenwave::render {

/// A commit's files, which has those that age or SOPS encrypted opened when they are asked for.
class OpeningTree : public SourceTree {
 public:
  /// `engine` may be null: one is begun when something is to be opened.
  OpeningTree(std::unique_ptr<SourceTree> tree, std::unique_ptr<Engine> engine, BeginEngine begin)
      : tree_(std::move(tree)), engine_(std::move(engine)), begin_(std::move(begin)) {}

  std::optional<Item> find(const std::string& path) const override { return tree_->find(path); }
  std::vector<Item> list(const std::string& path) const override { return tree_->list(path); }
  std::string read(const std::string& path, std::size_t cap) const override { return tree_->read(path, cap); }
  std::string read_encrypted(const std::string& path, std::size_t cap) const override;

 private:
  std::unique_ptr<SourceTree> tree_;
  mutable std::unique_ptr<Engine> engine_;
  BeginEngine begin_;
};

}  // namespace greenwave::render
