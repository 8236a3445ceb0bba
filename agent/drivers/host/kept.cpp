#include "drivers/host/kept.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "drivers/host/replacement.h"
#include "drivers/host/tree_copy.h"
#include "drivers/host/walk.h"

namespace greenwave::drivers::host {

namespace {

/// "resolv.conf-5b1c…": a technician recognises it, and no two paths share it.
std::string kept_name_of(const std::string& path) {
  auto shown = path.substr(path.rfind('/') + 1).substr(0, 100);
  const auto odd = [](unsigned char letter) { return letter <= 0x20 || letter >= 0x7f; };
  std::replace_if(shown.begin(), shown.end(), odd, '_');
  return fmt::format("{}-{}", shown, to_hex(sha256(path)).substr(0, 32));
}

constexpr std::string_view unfinished = ".unfinished";

bool is_private(int directory, bool& ours) {
  struct stat about {};
  if (::fstat(directory, &about) != 0) return false;
  ours = about.st_uid == ::geteuid();
  return ours && (about.st_mode & 07777u) == 0700;
}

/// Opens a directory of the agent's own, or makes it. Not open: it may not be made, or is someone else's.
Fd open_private(int parent, const std::string& name, bool make) {
  if (make && ::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) return Fd();
  Fd directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  bool ours = false;
  if (!directory || is_private(directory.get(), ours)) return directory;
  if (!ours || ::fchmod(directory.get(), 0700) != 0) return Fd();
  return directory;
}

bool same_place(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// The topmost directory on the file system of `directory`, within the root.
Fd top_of(int directory, const Host& host) {
  struct stat root {};
  struct stat here {};
  Fd top(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top || ::stat(host.root.c_str(), &root) != 0 || ::fstat(top.get(), &here) != 0) return Fd();
  while (!same_place(here, root)) {
    Fd above(::openat(top.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat about {};
    if (!above || ::fstat(above.get(), &about) != 0) break;
    if (about.st_dev != here.st_dev || same_place(about, here)) break;
    top = std::move(above);
    here = about;
  }
  return top;
}

std::string path_of(int directory) {
  return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", directory)).native();
}

/// Whether a link or rename failed in a way in which a copy may succeed.
bool needs_copy() {
  return errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP || errno == ENOSYS;
}

int rename_new(int from, const std::string& name, int to, const std::string& as) {
  if (::renameat2(from, name.c_str(), to, as.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  struct stat about {};
  if (::fstatat(to, as.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return -1;
  }
  return ::renameat(from, name.c_str(), to, as.c_str());
}

/// That a stranger's directory took the name between the look and the rename. Puts it back then. (Its inode
/// says nothing: on an overlay a rename may give a file another one.)
void refuse_swapped(const Host& host, const Spot& at, int to, const std::string& name,
                    const std::string& path) {
  struct stat moved {};
  if (::fstatat(to, name.c_str(), &moved, AT_SYMLINK_NOFOLLOW) != 0) throw path_error("set aside", path);
  if (!S_ISDIR(moved.st_mode)) return;
  try {
    refuse_stranger(host, at.directory, moved, path);
  } catch (const Error&) {
    rename_new(to, name, at.directory, at.name);
    throw;
  }
}

}  // namespace

Kept::Place& Kept::own_place(bool make) {
  if (own_.directory || (own_.looked && !make)) return own_;
  const auto path = host_.kept_directory();
  if (make) make_directories(path, 0700);
  own_.looked = true;
  own_.path = path.native();
  own_.directory = open_private(AT_FDCWD, own_.path, false);
  if (make && !own_.directory) throw system_error("open the directory", own_.path);
  if (make) {
    const Fd above(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (above) changed_.add(above.get());
  }
  struct stat about {};
  if (own_.directory && ::fstat(own_.directory.get(), &about) == 0) own_device_ = about.st_dev;
  return own_;
}

Kept::Place& Kept::place_on(const Spot& at, bool make) {
  struct stat about {};
  if (::fstat(at.directory, &about) != 0) throw system_error("look at", "a directory");
  auto& own = own_place(make);
  if (own.directory && own_device_ == about.st_dev) return own;
  auto& top = place_at_top(at, about.st_dev, make);
  return top.directory || !make ? top : own;
}

Kept::Place& Kept::place_at_top(const Spot& at, dev_t device, bool make) {
  auto& place = tops_[device];
  if (place.directory || (place.looked && !make)) return place;
  place.looked = true;
  const Fd top = top_of(at.directory, host_);
  if (!top) return place;
  place.directory = open_private(top.get(), std::string(kept_name), make);
  if (!place.directory) return place;
  if (make) changed_.add(top.get());
  place.path = path_of(place.directory.get());
  return place;
}

/// On the file system that the path is on, or would be on.
Kept::Place& Kept::place_above(Parents& parents, const std::string& path) {
  const auto [known, is_new] = above_.try_emplace(path.substr(0, path.rfind('/')), &own_);
  if (!is_new) return *known->second;
  auto inner = path;
  for (auto slash = inner.rfind('/'); slash > 0 && slash != inner.npos; slash = inner.rfind('/')) {
    if (const auto at = parents.find(inner)) {
      known->second = &place_on(*at, false);
      break;
    }
    inner.resize(slash);
    if (refusal_of(host_, inner)) break;
  }
  return *known->second;
}

std::optional<Kept::Held> Kept::held(Parents& parents, const std::string& path) {
  auto& own = own_place(false);
  auto& above = place_above(parents, path);
  if (!own.directory && !above.directory) return {};
  Held held;
  held.name = kept_name_of(path);
  for (auto* place : {&own, &above}) {
    held.place = place;
    const bool found = place->directory && ::fstatat(place->directory.get(), held.name.c_str(), &held.about,
                                                     AT_SYMLINK_NOFOLLOW) == 0;
    if (found) return held;
  }
  return {};
}

bool Kept::has(Parents& parents, const std::string& path) {
  return held(parents, path).has_value();
}

std::optional<Kept::Found> Kept::find(Parents& parents, const std::string& path) {
  const auto found = held(parents, path);
  if (!found) return {};
  return Found{found->about, found->place->path + "/" + found->name};
}

void Kept::copy(const Spot& at, Place& place, const std::string& name, const std::string& path) {
  const auto beside = name + std::string(unfinished);
  const int to = place.directory.get();
  remove_tree(to, beside, path);
  copy_tree({at.directory, at.name}, {to, beside}, path);
  if (::syncfs(to) != 0) throw path_error("set aside", path);
  if (rename_new(to, beside, to, name) != 0) throw path_error("set aside", path);
  changed_.add(to);
}

bool Kept::link(Parents& parents, const std::string& path) {
  if (has(parents, path)) return true;
  const auto at = parents.find(path);
  if (!at) return false;
  auto& place = place_on(*at, true);
  const auto name = kept_name_of(path);
  const int to = place.directory.get();
  if (::linkat(at->directory, at->name.c_str(), to, name.c_str(), 0) == 0) {
    changed_.add(to);
    return true;
  }
  if (errno == ENOENT) return false;
  if (!needs_copy()) throw path_error("set aside", path);
  copy(*at, place, name, path);
  return true;
}

bool Kept::move(Parents& parents, const std::string& path, DirectorySync& touched) {
  const auto at = parents.find(path);
  if (!at) return has(parents, path);
  struct stat there {};
  if (parents.look(path, there) && S_ISDIR(there.st_mode)) {
    refuse_stranger(host_, at->directory, there, path);
  }
  refuse_mounts(at->directory, at->name, path);
  const auto name = kept_name_of(path);
  if (!has(parents, path)) {
    auto& place = place_on(*at, true);
    const int to = place.directory.get();
    if (rename_new(at->directory, at->name, to, name) == 0) {
      refuse_swapped(host_, *at, to, name, path);
      changed_.add(to);
      touched.add(at->directory);
      return true;
    }
    if (errno == ENOENT) return false;
    if (!needs_copy()) throw path_error("set aside", path);
    copy(*at, place, name, path);
    changed_.sync();
  }
  remove_tree(at->directory, at->name, path);
  touched.add(at->directory);
  return true;
}

void Kept::give_back(Parents& parents, const std::string& path, DirectorySync& touched) {
  const auto found = held(parents, path);
  if (!found) return;
  const int from = found->place->directory.get();
  const auto at = parents.make(path);
  parents.made().sync();
  if (::renameat(from, found->name.c_str(), at.directory, at.name.c_str()) == 0) {
    // A rename between two names of one file does nothing.
    ::unlinkat(from, found->name.c_str(), 0);
  } else {
    if (!needs_copy()) throw path_error("give back", path);
    const auto beside = name_beside(at.name);
    remove_tree(at.directory, beside, path);
    copy_tree({from, found->name}, {at.directory, beside}, path);
    if (::syncfs(at.directory) != 0) throw path_error("give back", path);
    if (::renameat(at.directory, beside.c_str(), at.directory, at.name.c_str()) != 0) {
      throw path_error("give back", path);
    }
    if (::fsync(at.directory) != 0) throw path_error("give back", path);
    drop(parents, path);
  }
  changed_.add(from);
  touched.add(at.directory);
}

void Kept::drop(Parents& parents, const std::string& path) {
  const auto found = held(parents, path);
  if (!found) return;
  const int place = found->place->directory.get();
  // Part of a tree must not be taken for all of it.
  const auto beside = found->name + std::string(unfinished);
  remove_tree(place, beside, path);
  if (::renameat(place, found->name.c_str(), place, beside.c_str()) != 0) throw path_error("drop", path);
  remove_tree(place, beside, path);
  changed_.add(place);
}

std::string Kept::leave(Parents& parents, const std::string& path) {
  const auto found = held(parents, path);
  if (!found) return {};
  const int place = found->place->directory.get();
  for (int number = 1; number < 1000; ++number) {
    const auto other = fmt::format("{}.{}", found->name, number);
    if (rename_new(place, found->name, place, other) == 0) {
      changed_.add(place);
      return found->place->path + "/" + other;
    }
    if (errno != EEXIST) break;
  }
  throw path_error("leave what was kept of", path);
}

}  // namespace greenwave::drivers::host
