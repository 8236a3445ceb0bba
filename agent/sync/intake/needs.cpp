#include "sync/intake/needs.h"

#include <set>

#include "base/error.h"

namespace greenwave::sync {

namespace {

void read_below(const SourceTree& tree, const std::string& path, bool is_directory) {
  if (!is_directory) {
    tree.read(path, largest_source);
    return;
  }
  for (const auto& item : tree.list(path)) {
    if (item.type == SourceTree::Type::other) continue;
    read_below(tree, path + "/" + item.name, item.type == SourceTree::Type::directory);
  }
}

/// Notes what is read of another tree.
class NotingTree : public SourceTree {
 public:
  explicit NotingTree(const SourceTree& tree) : tree_(tree) {}

  std::optional<Item> find(const std::string& path) const override { return tree_.find(path); }
  std::vector<Item> list(const std::string& path) const override { return tree_.list(path); }
  std::string read(const std::string& path, std::size_t cap) const override {
    paths_.insert(path);
    return tree_.read(path, cap);
  }
  const std::set<std::string>& paths() const { return paths_; }

 private:
  const SourceTree& tree_;
  mutable std::set<std::string> paths_;
};

}  // namespace

render::Rendered render_and_read(const SourceTree& tree, render::Engine& engine,
                                 const render::Recipient& recipient) {
  auto rendered = engine.render(tree, recipient);
  for (const auto& manifest : rendered.manifests) {
    if (manifest.source) read_below(tree, manifest.source->path, manifest.source->is_directory);
  }
  return rendered;
}

std::vector<std::string> paths_read(const SourceTree& tree, render::Engine& engine,
                                    const render::Recipient& recipient) {
  const NotingTree noting(tree);
  try {
    render_and_read(noting, engine, recipient);
  } catch (const Error& error) {
    // What is wrong with the files is reported by the render that is applied.
    if (error.fault() != Fault::invalid) throw;
  }
  return {noting.paths().begin(), noting.paths().end()};
}

}  // namespace greenwave::sync
