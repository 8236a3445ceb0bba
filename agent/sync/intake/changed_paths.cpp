#include "sync/intake/changed_paths.h"

#include <algorithm>
#include <map>
#include <utility>

namespace greenwave::sync {

namespace {

using Item = SourceTree::Item;

/// A directory's entries before and after, by name.
using Pairs = std::map<std::string, std::pair<std::optional<Item>, std::optional<Item>>>;

Pairs pairs_in(const std::string& directory, const SourceTree* before, const SourceTree* after) {
  Pairs pairs;
  if (before != nullptr) {
    for (auto& item : before->list(directory)) pairs[item.name].first = item;
  }
  if (after != nullptr) {
    for (auto& item : after->list(directory)) {
      auto& place = pairs[item.name].second;
      // Git never writes a tree that has a name twice: readers may find either of the two.
      if (place) item = {item.name, SourceTree::Type::other, ""};
      place = item;
    }
  }
  return pairs;
}

bool is_directory(const std::optional<Item>& item) {
  return item && item->type == SourceTree::Type::directory;
}

bool is_same(const std::optional<Item>& one, const std::optional<Item>& other) {
  return one && other && one->oid == other->oid && one->type == other->type;
}

}  // namespace

std::vector<std::string> changed_paths(const WithDirectories& before, const WithDirectories& after) {
  std::vector<std::string> changed;
  std::vector<std::string> level{""};
  while (!level.empty()) {
    const auto old = before(level);
    const auto now = after(level);
    std::vector<std::string> next;
    for (const auto& directory : level) {
      for (const auto& [name, pair] : pairs_in(directory, old.get(), now.get())) {
        const auto& [was, is] = pair;
        if (is_same(was, is)) continue;
        const auto path = directory.empty() ? name : directory + "/" + name;
        if (is_directory(was) || is_directory(is)) next.push_back(path);
        const bool was_file = was && !is_directory(was);
        const bool is_file = is && !is_directory(is);
        if (was_file || is_file) changed.push_back(path);
      }
    }
    level = std::move(next);
  }
  std::ranges::sort(changed);
  return changed;
}

}  // namespace greenwave::sync
