#include "drivers/host/directory_layout.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/host/removal.h"

namespace greenwave::drivers::host {

namespace {

Attributes executable(Attributes file) {
  file.mode |= (file.mode & 0444u) >> 2;
  return file;
}

Attributes link(Attributes file) {
  file.type = S_IFLNK;
  file.mode = 0777;
  return file;
}

/// What the source would put where the agent is, or where no manifest may be.
void refuse_own(const Host& host, const Layout& layout) {
  if (own_below(host.own, layout.spec.path) == nullptr) return;
  for (const auto& item : layout.items) {
    if (own_at(host.own, layout.path_of(item)) == nullptr) continue;
    const auto refusal = refusal_of(host, layout.path_of(item));
    if (refusal) throw Error(Fault::invalid, refusal->message, refusal->remedy);
  }
}

}  // namespace

Attributes Layout::attributes_of(const TreeItem& item) const {
  switch (item.type) {
    case SourceTree::Type::directory:
      return directory;
    case SourceTree::Type::link:
      return link(file);
    case SourceTree::Type::executable:
      return executable(file);
    default:
      return file;
  }
}

std::set<std::string> Layout::names() const {
  std::set<std::string> names;
  for (const auto& item : items) names.insert(item.name);
  return names;
}

std::set<std::string> Layout::paths() const {
  std::set<std::string> paths{spec.path};
  for (const auto& item : items) paths.insert(path_of(item));
  return paths;
}

FileRecord Layout::record() const {
  FileRecord record;
  record.path = spec.path;
  record.attributes = directory;
  record.purge = spec.purge;
  record.reload_systemd = spec.reload_systemd;
  record.file_attributes = file;
  note_owner(record, spec.owner, spec.group);
  for (const auto& item : items) {
    if (item.type == SourceTree::Type::executable) record.executables.push_back(item.name);
    if (item.type == SourceTree::Type::link) record.links.push_back(item.name);
  }
  std::sort(record.executables.begin(), record.executables.end());
  std::sort(record.links.begin(), record.links.end());
  return record;
}

Layout layout_of(const Host& host, Owners& owners, const Manifest& manifest, const SourceTree& tree) {
  Problems problems;
  Layout layout;
  layout.spec = read_directory_spec(host, manifest, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  const auto& spec = layout.spec;
  auto expected = owners.expected(S_IFDIR, spec.mode, spec.owner, spec.group);
  layout.directory = expected.attributes;
  layout.file = layout.directory;
  layout.file.type = S_IFREG;
  layout.file.mode = spec.file_mode;
  layout.missing = std::move(expected.missing);
  if (spec.has_source) {
    layout.source = manifest.source->path;
    layout.items = read_tree(tree, layout.source);
    refuse_own(host, layout);
  }
  return layout;
}

Attributes recorded_attributes(const FileRecord& record, const std::string& path) {
  if (path.size() <= record.path.size() + 1) return record.attributes;
  const auto name = path.substr(record.path.size() + 1);
  const auto lists = [&name](const std::vector<std::string>& names) {
    return std::binary_search(names.begin(), names.end(), name);
  };
  if (lists(record.links)) return link(record.file_attributes);
  if (lists(record.executables)) return executable(record.file_attributes);
  return record.file_attributes;
}

Known known_files(const Entry* entry) {
  Known known;
  if (entry == nullptr) return known;
  for (const auto& file : entry->files) known.emplace(file.path, &file);
  return known;
}

const FileSignature* signature_in(const Known& known, const std::string& path) {
  const auto found = known.find(path);
  return found == known.end() ? nullptr : found->second;
}

std::vector<std::string> obsolete_paths(const Entry* entry, const std::set<std::string>& wanted) {
  std::vector<std::string> obsolete;
  if (entry == nullptr) return obsolete;
  const auto record = record_from_json(entry->record);
  for (auto& path : paths_of(*entry, record)) {
    const auto was = record.before.find(path);
    const bool is_aside = was != record.before.end() && was->second.kind == Before::Kind::purged;
    if (!is_aside && !wanted.contains(path)) obsolete.push_back(std::move(path));
  }
  return obsolete;
}

}  // namespace greenwave::drivers::host
