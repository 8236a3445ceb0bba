#pragma once

#include <map>
#include <optional>
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
  std::optional<Error> missing;  ///< the owner or group, which the attributes then leave out
  std::vector<TreeItem> items;

  std::string path_of(const TreeItem& item) const { return spec.path + "/" + item.name; }
  std::string source_of(const TreeItem& item) const {
    return source.empty() ? item.name : source + "/" + item.name;
  }
  Attributes attributes_of(const TreeItem& item) const;
  std::set<std::string> names() const;  ///< relative to the directory
  std::set<std::string> paths() const;  ///< the directory's own among them
  FileRecord record() const;
};

/// Throws Error.
Layout layout_of(const Host& host, Owners& owners, const Manifest& manifest, const SourceTree& tree);

/// The same from an inventory's record, for one of its files.
Attributes recorded_attributes(const FileRecord& record, const std::string& path);

/// The files of an entry by their paths. `entry` may be null, and must outlive it.
using Known = std::map<std::string, const FileSignature*>;
Known known_files(const Entry* entry);
const FileSignature* signature_in(const Known& known, const std::string& path);

/// Where an earlier apply made something, was about to, or has changed what was there, and which is not in
/// `wanted`: the innermost first.
std::vector<std::string> obsolete_paths(const Entry* entry, const std::set<std::string>& wanted);

}  // namespace greenwave::drivers::host
