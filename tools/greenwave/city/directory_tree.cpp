#include "city/directory_tree.h"

#include <algorithm>

#include "base/file.h"

namespace greenwave::cli {

namespace {

namespace fs = std::filesystem;

SourceTree::Type type_of(const fs::file_status& status) {
  switch (status.type()) {
    case fs::file_type::regular:
      return SourceTree::Type::file;
    case fs::file_type::directory:
      return SourceTree::Type::directory;
    case fs::file_type::symlink:
      return SourceTree::Type::link;
    default:
      return SourceTree::Type::other;
  }
}

}  // namespace

std::optional<SourceTree::Item> DirectoryTree::find(const std::string& path) const {
  std::error_code error;
  const auto status = fs::symlink_status(directory_ / path, error);
  if (!fs::exists(status)) return {};
  return Item{fs::path(path).filename().native(), type_of(status), {}};
}

std::vector<SourceTree::Item> DirectoryTree::list(const std::string& path) const {
  std::vector<Item> items;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_ / path, error)) {
    items.push_back({entry.path().filename().native(), type_of(entry.symlink_status()), {}});
  }
  std::ranges::sort(items, {}, &Item::name);
  return items;
}

std::string DirectoryTree::read(const std::string& path, std::size_t cap) const {
  return read_file(directory_ / path, cap);
}

}  // namespace greenwave::cli
