#include "drivers/host/directory_foreign.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/directory_stream.h"

namespace greenwave::drivers::host {

namespace {

/// Every level holds a descriptor.
constexpr int deepest_foreign = 128;

Fd open_directory(int parent, const std::string& name) {
  return Fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

std::vector<std::string> names_in(int directory, const std::string& path) {
  Fd fresh(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const DirectoryStream stream(fresh ? ::fdopendir(fresh.get()) : nullptr);
  if (!stream) throw path_error("list", path);
  fresh.release();
  std::vector<std::string> names;
  errno = 0;
  while (const auto* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) throw path_error("list", path);
  std::sort(names.begin(), names.end());
  return names;
}

void remove_below(int parent, const std::string& name, const std::string& path, int level) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) throw path_error("remove", path);
  const Fd directory = open_directory(parent, name);
  struct stat outside {};
  struct stat inside {};
  if (!directory || ::fstat(directory.get(), &inside) != 0 || ::fstat(parent, &outside) != 0) {
    throw path_error("remove", path);
  }
  if (inside.st_dev != outside.st_dev) {
    throw Error(Fault::conflict, fmt::format("{} is not removed: a file system is mounted there", path),
                "unmount it, or leave purge out");
  }
  if (level > deepest_foreign) {
    throw Error(Fault::conflict, fmt::format("{} is nested too deeply to be removed", path),
                "remove it by hand");
  }
  for (const auto& inner : names_in(directory.get(), path)) {
    remove_below(directory.get(), inner, path + "/" + inner, level + 1);
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    throw path_error("remove", path);
  }
}

/// Called with the open directory, the name in it, and the name relative to the start.
using Visit = std::function<void(int directory, const std::string& name, const std::string& relative)>;

void visit_foreign(int directory, const std::string& path, const std::string& below,
                   const std::set<std::string>& names, const Visit& visit) {
  for (const auto& name : names_in(directory, path)) {
    const auto relative = below.empty() ? name : below + "/" + name;
    if (!names.contains(relative)) {
      visit(directory, name, relative);
      continue;
    }
    const auto inside = names.lower_bound(relative + "/");
    if (inside == names.end() || !inside->starts_with(relative + "/")) {
      // A known directory without known names in it may still hold foreign ones.
      struct stat about {};
      if (::fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (!S_ISDIR(about.st_mode)) continue;
    }
    const Fd next = open_directory(directory, name);
    if (next) visit_foreign(next.get(), path + "/" + name, relative, names, visit);
  }
}

void visit_foreign(Parents& parents, const std::string& directory, const std::set<std::string>& names,
                   const Visit& visit) {
  const auto at = parents.find(directory);
  if (!at) return;
  const Fd start = open_directory(at->directory, at->name);
  if (!start && errno == ENOENT) return;
  if (!start) throw path_error("list", directory);
  visit_foreign(start.get(), directory, "", names, visit);
}

}  // namespace

std::vector<std::string> foreign_names(Parents& parents, const std::string& directory,
                                       const std::set<std::string>& names) {
  std::vector<std::string> found;
  visit_foreign(parents, directory, names, [&found](int, const std::string&, const std::string& relative) {
    found.push_back(relative);
  });
  return found;
}

std::vector<std::string> remove_foreign(Parents& parents, const std::string& directory,
                                        const std::set<std::string>& names, DirectorySync& touched) {
  std::vector<std::string> removed;
  visit_foreign(parents, directory, names,
                [&](int open, const std::string& name, const std::string& relative) {
                  remove_below(open, name, directory + "/" + relative, 0);
                  touched.add(open);
                  removed.push_back(relative);
                });
  return removed;
}

void remove_all(Parents& parents, const std::string& path, DirectorySync& touched) {
  const auto at = parents.find(path);
  if (!at) return;
  remove_below(at->directory, at->name, path, 0);
  touched.add(at->directory);
}

}  // namespace greenwave::drivers::host
