#include "drivers/host/directory_foreign.h"

#include <cerrno>

#include <fcntl.h>

#include "drivers/host/tree_copy.h"
#include "drivers/host/walk.h"

namespace greenwave::drivers::host {

namespace {

Fd open_directory(int parent, const std::string& name) {
  return Fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Called with the open directory, the name in it, and the name relative to the start.
using Visit = std::function<void(int directory, const std::string& name, const std::string& relative)>;

void visit_foreign(int directory, const std::string& path, const std::string& below,
                   const std::set<std::string>& names, const Visit& visit) {
  for (const auto& name : names_in(directory, path)) {
    if (name == kept_name) continue;
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
  struct stat about {};
  if (!start || ::fstat(start.get(), &about) != 0) throw path_error("list", directory);
  if (parents.changes()) refuse_stranger(parents.host(), at->directory, about, directory);
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
                  remove_tree(open, name, directory + "/" + relative);
                  touched.add(open);
                  removed.push_back(relative);
                });
  return removed;
}

void remove_all(Parents& parents, const std::string& path, DirectorySync& touched) {
  const auto at = parents.find(path);
  struct stat about {};
  if (!at || !parents.look(path, about)) return;
  if (S_ISDIR(about.st_mode)) refuse_stranger(parents.host(), at->directory, about, path);
  remove_tree(at->directory, at->name, path);
  touched.add(at->directory);
}

}  // namespace greenwave::drivers::host
