#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "base/error.h"
#include "model/source_tree.h"

namespace greenwave::test {

/// A directory on disk, as if it were a commit. Its oids say nothing.
class DirectoryTree : public SourceTree {
 public:
  explicit DirectoryTree(std::filesystem::path root) : root_(std::move(root)) {}

  std::optional<Item> find(const std::string& path) const override { return item(root_ / path); }

  std::vector<Item> list(const std::string& path) const override {
    std::vector<Item> items;
    if (!std::filesystem::is_directory(root_ / path)) return items;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / path)) {
      items.push_back(*item(entry.path()));
    }
    std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.name < b.name; });
    return items;
  }

  std::string read(const std::string& path, std::size_t cap) const override {
    if (std::filesystem::is_symlink(root_ / path))
      return std::filesystem::read_symlink(root_ / path).string();
    std::ifstream file(root_ / path, std::ios::binary);
    if (!file) throw Error(Fault::invalid, "no file " + path);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.size() > cap) throw Error(Fault::invalid, path + " is too large");
    return bytes;
  }

 private:
  static std::optional<Item> item(const std::filesystem::path& path) {
    const auto status = std::filesystem::symlink_status(path);
    if (!std::filesystem::exists(status)) return {};
    auto type = Type::other;
    if (std::filesystem::is_directory(status)) type = Type::directory;
    if (std::filesystem::is_regular_file(status)) type = Type::file;
    if (std::filesystem::is_symlink(status)) type = Type::link;
    return Item{path.filename().string(), type, std::string(40, '0')};
  }

  std::filesystem::path root_;
};

}  // namespace greenwave::test
