#include "drivers/host/holdings.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace greenwave::drivers::host {

namespace {

constexpr std::string_view path_claim = "path:";

/// The path of a claim; empty for one of something else.
std::string_view path_in(std::string_view claim) {
  return claim.starts_with(path_claim) ? claim.substr(path_claim.size()) : std::string_view();
}

}  // namespace

Holdings::Holdings(std::span<const Entry> inventory) {
  for (const auto& entry : inventory) {
    const auto& id = entry.id;
    const bool has_paths = id.api_version == own_api && (id.kind == "File" || id.kind == "Directory");
    if (has_paths) entries_.push_back(&entry);
  }
}

const Entry* Holdings::other(const std::string& path, const ObjectId& than) {
  if (!has_paths_) {
    has_paths_ = true;
    for (const auto* entry : entries_) {
      for (const auto& file : entry->files) by_path_.emplace(file.path, entry);
      for (const auto& claim : entry->claims) by_path_.emplace(path_in(claim), entry);
    }
  }
  const auto [first, last] = by_path_.equal_range(path);
  for (auto at = first; at != last; ++at) {
    if (at->second->id != than && !gone_.contains(at->second->id)) return at->second;
  }
  return nullptr;
}

std::set<std::string> Holdings::others_below(const std::string& directory, const ObjectId& than) {
  std::set<std::string> paths;
  const auto add = [&](std::string_view path) {
    if (path.size() > directory.size() && path[directory.size()] == '/' && path.starts_with(directory)) {
      paths.emplace(path);
    }
  };
  for (const auto* entry : entries_) {
    if (entry->id == than || gone_.contains(entry->id)) continue;
    for (const auto& file : entry->files) add(file.path);
    for (const auto& claim : entry->claims) add(path_in(claim));
    // Few records have any, and reading each would take long.
    if (entry->record.find("\"before\"") == entry->record.npos) continue;
    for (const auto& [path, was] : holding(*entry).record.before) add(path);
  }
  return paths;
}

const Holdings::Holding& Holdings::holding(const Entry& entry) {
  const auto known = holdings_.find(&entry);
  if (known != holdings_.end()) return known->second;
  auto record = record_from_json(entry.record);
  OwnPaths own(&entry, record);
  return holdings_.emplace(&entry, Holding{std::move(record), std::move(own)}).first->second;
}

bool Holdings::is_kept_by_other(const std::string& path, const ObjectId& than) {
  const auto* entry = other(path, than);
  if (entry == nullptr) return false;
  const auto& before = holding(*entry).record.before;
  const auto was = before.find(path);
  if (was == before.end()) return false;
  return was->second.kind == Before::Kind::kept || was->second.kind == Before::Kind::purged;
}

bool Holdings::has_attributes(const std::string& directory) {
  return std::ranges::any_of(entries_, [&](const Entry* entry) {
    if (entry->record.find("\"before\"") == entry->record.npos) return false;
    const auto& before = holding(*entry).record.before;
    const auto was = before.find(directory);
    return was != before.end() && was->second.kind == Before::Kind::attributes;
  });
}

bool Holdings::is_placed(const std::string& path, const ObjectId& than) const {
  const auto placed = placed_.find(path);
  return placed != placed_.end() && placed->second != than;
}

bool Holdings::is_made(const std::string& directory, const ObjectId* but) {
  if (!has_made_) {
    has_made_ = true;
    for (const auto* entry : entries_) {
      // Few records have any, and reading each would take long.
      if (entry->record.find("\"made\"") == entry->record.npos) continue;
      for (auto& made : record_from_json(entry->record).made) made_.emplace(std::move(made), entry);
    }
  }
  const auto [first, last] = made_.equal_range(directory);
  return std::any_of(first, last, [&](const auto& one) {
    const auto& id = one.second->id;
    return (but == nullptr || id != *but) && !gone_.contains(id) && !moved_.contains(id);
  });
}

std::optional<Holdings::Place> Holdings::at_inode(std::uint64_t device, std::uint64_t inode,
                                                  const ObjectId& but) {
  if (!has_inodes_) {
    has_inodes_ = true;
    for (const auto* entry : entries_) {
      for (const auto& file : entry->files) by_inode_.emplace(file.inode, std::pair(entry, &file));
    }
  }
  const auto [first, last] = by_inode_.equal_range(inode);
  for (auto at = first; at != last; ++at) {
    const auto& [entry, file] = at->second;
    if (file->device == device && entry->id != but && !gone_.contains(entry->id)) {
      return Place{entry, file->path};
    }
  }
  return {};
}

namespace {

/// Nothing for an object that is no Directory.
std::optional<mode_t> mode_of_directory(const Manifest& manifest) {
  if (manifest.id.kind != "Directory") return {};
  const auto* mode = manifest.spec().find("mode");
  const auto* text = mode == nullptr ? nullptr : mode->string();
  if (text == nullptr || text->empty() || text->find_first_not_of("01234567") != text->npos) return 0755;
  return static_cast<mode_t>(std::strtoul(text->c_str(), nullptr, 8));
}

}  // namespace

void Claimed::read() {
  if (has_read_) return;
  has_read_ = true;
  for (const auto& object : desired_) {
    if (refused_.contains(object.manifest.id)) continue;
    const auto mode = mode_of_directory(object.manifest);
    for (const auto& claim : object.footprint.claims) {
      claims_.insert(path_in(claim));
      if (mode) directories_.emplace(path_in(claim), *mode);
    }
    for (const auto& claim : object.footprint.after) parents_.insert(path_in(claim));
    for (const auto& claim : object.footprint.purges) purges_.insert(path_in(claim));
  }
}

bool Claimed::has(const std::string& path) {
  read();
  return claims_.contains(path);
}

bool Claimed::are_in_the_way(const std::string& path, bool is_directory) {
  read();
  if (directories_.contains(path) || parents_.contains(path)) return true;
  if (is_directory && claims_.contains(path)) return true;
  std::string_view above = path;
  for (auto slash = above.rfind('/'); !purges_.empty() && slash != above.npos && slash > 0;
       slash = above.rfind('/')) {
    above = above.substr(0, slash);
    if (purges_.contains(above)) return true;
  }
  return false;
}

std::optional<mode_t> Claimed::directory_mode(std::string_view path) {
  read();
  const auto found = directories_.find(path);
  if (found == directories_.end()) return {};
  return found->second;
}

}  // namespace greenwave::drivers::host
