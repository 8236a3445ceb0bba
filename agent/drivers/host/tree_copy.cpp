#include "drivers/host/tree_copy.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/directory_stream.h"
#include "base/error.h"

namespace greenwave::drivers::host {

namespace {

/// Every level holds descriptors.
constexpr int deepest = 128;

Fd open_directory_at(int parent, const std::string& name) {
  return Fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// A path by which calls without a descriptor reach what is open, whatever its name leads to by now.
std::string by_descriptor(const Fd& open) {
  return fmt::format("/proc/self/fd/{}", open.get());
}

void copy_xattrs(const Fd& from, const Fd& to, const std::string& path) {
  const auto source = by_descriptor(from);
  const auto target = by_descriptor(to);
  std::vector<char> names(64 * 1024);
  const auto size = ::listxattr(source.c_str(), names.data(), names.size());
  if (size < 0 && errno == ENOTSUP) return;
  if (size < 0) throw path_error("read the extended attributes of", path);
  std::vector<char> value(64 * 1024);
  for (const char* name = names.data(); name < names.data() + size;
       name += std::string_view(name).size() + 1) {
    const auto length = ::getxattr(source.c_str(), name, value.data(), value.size());
    if (length < 0 && errno == ENODATA) continue;
    if (length < 0 ||
        ::setxattr(target.c_str(), name, value.data(), static_cast<std::size_t>(length), 0) != 0) {
      // Those of a security module are the kernel's to give.
      if (errno == EPERM || errno == ENOTSUP) continue;
      throw path_error("copy the extended attributes of", path);
    }
  }
}

void copy_attributes(const Fd& from, const Fd& to, const struct stat& about, const std::string& path) {
  const bool owned = ::fchownat(to.get(), "", about.st_uid, about.st_gid, AT_EMPTY_PATH) == 0;
  if (!owned && (errno != EPERM || ::geteuid() == 0)) throw path_error("set the owner of the copy of", path);
  const auto target = by_descriptor(to);
  if (!S_ISLNK(about.st_mode) && ::chmod(target.c_str(), about.st_mode & 07777u) != 0) {
    throw path_error("set the mode of the copy of", path);
  }
  copy_xattrs(from, to, path);
  const std::array<struct timespec, 2> times{about.st_atim, about.st_mtim};
  if (::utimensat(AT_FDCWD, target.c_str(), times.data(), 0) != 0) {
    throw path_error("set the times of the copy of", path);
  }
}

/// A file's size. Its holes are written out, so that a small one may need more than the disk has: then it is
/// not begun, since a disk that is full for a while harms everybody.
std::uint64_t size_with_room(int source, int target, const std::string& path) {
  struct stat about {};
  struct statvfs disk {};
  if (::fstat(source, &about) != 0 || ::fstatvfs(target, &disk) != 0) throw path_error("copy", path);
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (size / disk.f_frsize < disk.f_bavail) return size;
  errno = ENOSPC;
  throw path_error("copy", path);
}

Fd copy_content(const Fd& from, const Spot& to, const std::string& path) {
  const Fd source(::open(by_descriptor(from).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  Fd target(
      ::openat(to.directory, to.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!source || !target) throw path_error("copy", path);
  auto left = size_with_room(source.get(), target.get(), path);
  while (left > 0) {
    const auto count = ::sendfile(target.get(), source.get(), nullptr, std::min<std::size_t>(left, 1 << 20));
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) throw path_error("copy", path);
    if (count == 0) break;
    left -= static_cast<std::uint64_t>(count);
  }
  return target;
}

Fd copy_link(const Fd& from, const Spot& to, const std::string& path) {
  char target[PATH_MAX];
  const auto size = ::readlinkat(from.get(), "", target, sizeof target - 1);
  if (size < 0) throw path_error("read the link", path);
  target[size] = '\0';
  if (::symlinkat(target, to.directory, to.name.c_str()) != 0) throw path_error("copy the link", path);
  return Fd(::openat(to.directory, to.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

Fd copy_special(const struct stat& about, const Spot& to, const std::string& path) {
  const auto mode = about.st_mode & (S_IFMT | 07777u);
  if (::mknodat(to.directory, to.name.c_str(), mode, about.st_rdev) != 0) throw path_error("copy", path);
  return Fd(::openat(to.directory, to.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

/// That a name leads to something else than it did a moment ago.
void refuse_other(const Fd& open, const struct stat& about, const std::string& path) {
  struct stat now {};
  if (::fstat(open.get(), &now) == 0 && now.st_dev == about.st_dev && now.st_ino == about.st_ino) return;
  errno = EAGAIN;
  throw path_error("copy", path);
}

Fd make_empty(const Spot& at, const std::string& path) {
  if (::mkdirat(at.directory, at.name.c_str(), 0700) != 0) throw path_error("copy", path);
  Fd made = open_directory_at(at.directory, at.name);
  if (!made) throw path_error("copy", path);
  return made;
}

/// Whether this is what was just made at a name, and not what the owner of the directory has put there since.
bool is_new(const Fd& made, mode_t mode) {
  struct stat about {};
  if (!made || ::fstat(made.get(), &about) != 0) return false;
  const bool is_ours = (about.st_mode & S_IFMT) == (mode & S_IFMT) && about.st_uid == ::geteuid();
  return is_ours && (!S_ISDIR(mode) || names_in(made.get(), "").empty());
}

Error mounted(const std::string& path) {
  return Error(Fault::conflict, fmt::format("{} is not removed: a file system is mounted there", path),
               "unmount it, or leave purge out");
}

Error too_deep(const std::string& path) {
  return Error(Fault::conflict, fmt::format("{} is nested too deeply to be removed", path),
               "remove it by hand");
}

/// Opens a directory on the file system that `parent` is on.
Fd enter(int parent, const std::string& name, const std::string& path, int level) {
  Fd directory = open_directory_at(parent, name);
  struct stat outside {};
  struct stat inside {};
  if (!directory || ::fstat(directory.get(), &inside) != 0 || ::fstat(parent, &outside) != 0) {
    throw path_error("open the directory", path);
  }
  if (inside.st_dev != outside.st_dev) throw mounted(path);
  if (level > deepest) throw too_deep(path);
  return directory;
}

void copy_below(const Spot& from, const Spot& to, const std::string& path, int level) {
  struct stat about {};
  const Fd source(::openat(from.directory, from.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!source || ::fstat(source.get(), &about) != 0) throw path_error("look at", path);
  Fd target;
  if (S_ISDIR(about.st_mode)) {
    target = make_empty(to, path);
  } else if (S_ISLNK(about.st_mode)) {
    target = copy_link(source, to, path);
  } else if (S_ISREG(about.st_mode)) {
    target = copy_content(source, to, path);
  } else {
    target = copy_special(about, to, path);
  }
  if (!is_new(target, about.st_mode)) {
    errno = EEXIST;
    throw path_error("copy", path);
  }
  if (S_ISDIR(about.st_mode)) {
    const Fd inside = enter(from.directory, from.name, path, level);
    refuse_other(inside, about, path);
    for (const auto& name : names_in(inside.get(), path)) {
      copy_below({inside.get(), name}, {target.get(), name}, path + "/" + name, level + 1);
    }
  }
  copy_attributes(source, target, about, path);
}

void remove_below(int parent, const std::string& name, const std::string& path, int level) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) throw path_error("remove", path);
  struct stat about {};
  if (::fstatat(parent, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(about.st_mode)) {
    errno = EPERM;
    throw path_error("remove", path);
  }
  const Fd directory = enter(parent, name, path, level);
  for (const auto& inner : names_in(directory.get(), path)) {
    remove_below(directory.get(), inner, path + "/" + inner, level + 1);
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    throw path_error("remove", path);
  }
}

void refuse_below(int parent, const std::string& name, const std::string& path, int level) {
  struct statx about {};
  if (::statx(parent, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &about) != 0) return;
  if ((about.stx_attributes & about.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0) throw mounted(path);
  if (!S_ISDIR(about.stx_mode)) return;
  const Fd directory = enter(parent, name, path, level);
  for (const auto& inner : names_in(directory.get(), path)) {
    refuse_below(directory.get(), inner, path + "/" + inner, level + 1);
  }
}

}  // namespace

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

void copy_tree(const Spot& from, const Spot& to, const std::string& path) {
  copy_below(from, to, path, 0);
}

void remove_tree(int directory, const std::string& name, const std::string& path) {
  remove_below(directory, name, path, 0);
}

void refuse_mounts(int directory, const std::string& name, const std::string& path) {
  refuse_below(directory, name, path, 0);
}

}  // namespace greenwave::drivers::host
