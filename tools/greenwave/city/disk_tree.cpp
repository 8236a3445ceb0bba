#include "city/disk_tree.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "git/repository.h"
#include "model/manifest.h"
#include "model/paths.h"

namespace greenwave::cli {

namespace {

namespace fs = std::filesystem;

SourceTree::Type type_of(const fs::path& path) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) throw system_error("look at", path.native());
  if (S_ISDIR(about.st_mode)) return SourceTree::Type::directory;
  if (S_ISLNK(about.st_mode)) return SourceTree::Type::link;
  if (!S_ISREG(about.st_mode)) return SourceTree::Type::other;
  return (about.st_mode & S_IXUSR) != 0 ? SourceTree::Type::executable : SourceTree::Type::file;
}

}  // namespace

const std::vector<SourceTree::Item>& DiskTree::items(const std::string& path) const {
  const auto [at, is_new] = directories_.try_emplace(path);
  if (!is_new) return at->second;
  const auto directory = path.empty() ? directory_ : directory_ / path;
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(directory, error)) && !path.empty()) return at->second;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    auto name = entry.path().filename().native();
    if (name == ".git") continue;
    at->second.push_back({std::move(name), type_of(entry.path()), {}});
  }
  if (error) {
    errno = error.value();
    throw system_error("list", directory.native());
  }
  std::ranges::sort(at->second, {}, &Item::name);
  return at->second;
}

std::string DiskTree::oid_of(const std::string& path, Type type) const {
  const auto [at, is_new] = oids_.try_emplace(path);
  if (!is_new) return at->second;
  if (type == Type::directory) {
    std::vector<Item> inner;
    for (auto one : items(path)) {
      one.oid = oid_of(join_path(path, one.name), one.type);
      // A commit has no empty directories. Files that are too large to read have no oid here.
      if (!one.oid.empty()) inner.push_back(std::move(one));
    }
    if (!inner.empty()) oids_[path] = git::tree_oid(inner);
    return oids_[path];
  } else if (type != Type::other) {
    try {
      at->second = git::blob_oid(read(path, largest_source));
    } catch (const Error& failure) {
      if (failure.fault() != Fault::invalid) throw;  // too large: reading it reports that
    }
  }
  return at->second;
}

const SourceTree::Item* DiskTree::item(const std::string& path) const {
  const auto& siblings = items(std::string(parent_path(path)));
  const auto name = path.substr(path.rfind('/') + 1);
  const auto at = std::ranges::lower_bound(siblings, name, {}, &Item::name);
  return at != siblings.end() && at->name == name ? &*at : nullptr;
}

std::optional<SourceTree::Item> DiskTree::find(const std::string& path) const {
  if (path.empty()) return Item{"", Type::directory, {}};
  const auto* found = item(path);
  if (found == nullptr) return {};
  return Item{found->name, found->type, oid_of(path, found->type)};
}

std::vector<SourceTree::Item> DiskTree::list(const std::string& path) const {
  return items(path);
}

std::string DiskTree::read(const std::string& path, std::size_t cap) const {
  const auto* found = path.empty() ? nullptr : item(path);
  if (found == nullptr || found->type == Type::directory || found->type == Type::other) {
    throw Error(Fault::invalid, fmt::format("{} is not a file in the repository", printable(path)));
  }
  const auto place = directory_ / path;
  if (found->type == Type::link) return fs::read_symlink(place).native();
  std::error_code error;
  const auto size = fs::file_size(place, error);
  if (!error && size > cap) {
    throw Error(Fault::invalid, fmt::format("{} has {}, more than the limit of {}", printable(path),
                                            bytes_in_words(size), bytes_in_words(cap)));
  }
  return read_file(place, cap);
}

}  // namespace greenwave::cli
