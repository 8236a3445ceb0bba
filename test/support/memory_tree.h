#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "model/source_tree.h"

namespace greenwave::test {

/// A commit's files, given as {path, content}; of a link, where it leads.
class MemoryTree : public SourceTree {
 public:
  MemoryTree(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  /// What those at these paths are that are no plain files.
  MemoryTree having(std::map<std::string, Type> types) && {
    types_ = std::move(types);
    return std::move(*this);
  }

  std::optional<Item> find(const std::string& path) const override {
    const auto name = path.substr(path.rfind('/') + 1);
    if (const auto file = files_.find(path); file != files_.end()) {
      const auto type = types_.find(path);
      return Item{name, type != types_.end() ? type->second : Type::file,
                  to_hex(sha256(file->second)).substr(0, 40)};
    }
    Hasher content;
    bool found = path.empty();
    for (const auto& [file, bytes] : files_) {
      if (!path.empty() && !file.starts_with(path + "/")) continue;
      found = true;
      content.add_field(file).add_field(bytes);
    }
    if (!found) return {};
    return Item{name, Type::directory, to_hex(content.finish()).substr(0, 40)};
  }

  std::vector<Item> list(const std::string& path) const override {
    const std::string prefix = path.empty() ? "" : path + "/";
    std::map<std::string, Item> items;
    for (const auto& [file, bytes] : files_) {
      if (!file.starts_with(prefix)) continue;
      const auto name = file.substr(prefix.size(), file.find('/', prefix.size()) - prefix.size());
      items.emplace(name, *find(prefix + name));
    }
    std::vector<Item> list;
    for (auto& [name, item] : items) list.push_back(std::move(item));
    return list;
  }

  std::string read(const std::string& path, std::size_t cap) const override {
    const auto file = files_.find(path);
    if (file == files_.end()) throw Error(Fault::invalid, "no file " + path);
    if (file->second.size() > cap) throw Error(Fault::invalid, path + " is too large");
    return file->second;
  }

 private:
  std::map<std::string, std::string> files_;
  std::map<std::string, Type> types_;
};

}  // namespace greenwave::test
