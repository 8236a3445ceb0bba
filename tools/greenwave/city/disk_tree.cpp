#include "city/disk_tree.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/digest.h"
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

/// What git keeps of a file that is in Git LFS, or of the pointer itself. The digest of a large one is left
/// out.
std::string lfs_pointer(const fs::path& place) {
  constexpr std::string_view version = "version https://git-lfs.github.com/spec/v1\n";
  const auto size = fs::file_size(place);
  if (size > largest_source) return fmt::format("{}size {}\n", version, size);
  auto bytes = read_file(place, largest_source);
  if (bytes.starts_with(version)) return bytes;
  return fmt::format("{}oid sha256:{}\nsize {}\n", version, to_hex(sha256(bytes)), size);
}

}  // namespace

DiskTree::DiskTree(fs::path directory)
    : directory_(std::move(directory)), checkout_(git::Checkout::at(directory_)) {}

const std::vector<SourceTree::Item>& DiskTree::items(const std::string& path) const {
  const auto [at, is_new] = directories_.try_emplace(path);
  if (!is_new) return at->second;
  if (!path.empty()) {
    const auto* own = item(path);
    if (own == nullptr || own->type != Type::directory) return at->second;
  }
  const auto directory = path.empty() ? directory_ : directory_ / path;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    auto name = entry.path().filename().native();
    if (name == ".git") continue;
    auto type = type_of(entry.path());
    if (checkout_ != nullptr) {
      const auto place = join_path(path, name);
      const bool is_directory = type == Type::directory;
      if (checkout_->ignores(place, is_directory)) continue;
      if (is_directory && checkout_->is_submodule(place)) type = Type::other;
    }
    at->second.push_back({std::move(name), type, {}});
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
    throw Error(Fault::invalid, fmt::format("{} is not a file of the repository", printable(path)));
  }
  const auto place = directory_ / path;
  if (found->type == Type::link) return fs::read_symlink(place).native();
  if (checkout_ != nullptr && checkout_->is_in_lfs(path)) return lfs_pointer(place);
  std::error_code error;
  const auto size = fs::file_size(place, error);
  if (!error && size > cap) {
    throw Error(Fault::invalid, fmt::format("{} has {}, more than the {} allowed here", printable(path),
                                            bytes_in_words(size), bytes_in_words(cap)));
  }
  auto bytes = read_file(place, cap);
  return checkout_ != nullptr ? checkout_->kept(path, std::move(bytes)) : bytes;
}

}  // namespace greenwave::cli
