#include "drivers/host/directory_tree.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_items = 50'000;
constexpr int deepest_source = 64;

std::string joined(const std::string& directory, const std::string& name) {
  if (directory.empty() || name.empty()) return directory + name;
  return directory + "/" + name;
}

void add(const SourceTree& tree, const std::string& source, const std::string& below, int level,
         std::vector<TreeItem>& items) {
  if (level > deepest_source) {
    throw Error(Fault::invalid, fmt::format("{} is deeper than {} directories", source, deepest_source),
                "make it flatter");
  }
  std::vector<std::string> directories;
  for (const auto& item : tree.list(joined(source, below))) {
    auto name = joined(below, item.name);
    if (!is_text(item.name) || item.name.find_first_of("\t\n\r") != item.name.npos) {
      throw Error(Fault::invalid,
                  fmt::format("{}: the name \"{}\" is not plain text", source, printable(item.name)),
                  "rename the file");
    }
    if (item.type == SourceTree::Type::other) {
      throw Error(Fault::invalid, fmt::format("{}/{} is a submodule", source, name),
                  "commit its files themselves");
    }
    if (item.type == SourceTree::Type::directory) {
      directories.push_back(std::move(name));
    } else {
      items.push_back({std::move(name), item.type});
    }
    if (items.size() > most_items) {
      throw Error(Fault::invalid, fmt::format("{} holds more than {} files", source, most_items),
                  "split it into several directories");
    }
  }
  for (auto& directory : directories) {
    items.push_back({directory, SourceTree::Type::directory});
    add(tree, source, directory, level + 1, items);
  }
}

}  // namespace

std::vector<TreeItem> read_tree(const SourceTree& tree, const std::string& source) {
  std::vector<TreeItem> items;
  add(tree, source, "", 1, items);
  return items;
}

}  // namespace greenwave::drivers::host
