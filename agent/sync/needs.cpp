#include "sync/needs.h"

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

}  // namespace

render::Rendered render_and_read(const SourceTree& tree, const render::Identity& identity) {
  auto rendered = render::render(tree, identity);
  for (const auto& manifest : rendered.manifests) {
    if (manifest.source) read_below(tree, manifest.source->path, manifest.source->is_directory);
  }
  return rendered;
}

}  // namespace greenwave::sync
