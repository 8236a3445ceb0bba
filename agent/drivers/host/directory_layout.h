#pragma once

#include <set>
#include <string>
#include <vector>

#include "drivers/host/directory_tree.h"
#include "drivers/host/file_record.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/owner.h"

namespace greenwave::drivers::host {

/// What a Directory manifest wants on the device, name by name.
struct Layout {
  DirectorySpec spec;
  std::string source;  ///< in the repository; meaningless without items
  Attributes directory;
  Attributes file;
  std::vector<TreeItem> items;

  std::string path_of(const TreeItem& item) const { return spec.path + "/" + item.name; }
  std::string source_of(const TreeItem& item) const {
    return source.empty() ? item.name : source + "/" + item.name;
  }
  Attributes attributes_of(const TreeItem& item) const;
  std::set<std::string> names() const;
  FileRecord record() const;
};

/// Throws Error.
Layout layout_of(const Host& host, Owners& owners, const Manifest& manifest, const SourceTree& tree);

/// The same from an inventory's record, for one of its files.
Attributes recorded_attributes(const FileRecord& record, const std::string& path);

}  // namespace greenwave::drivers::host
