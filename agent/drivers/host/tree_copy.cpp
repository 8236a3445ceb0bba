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

/// A path by which the calls that have no *at() form reach a name without following a link there.
std::string by_descriptor(const Spot& at) {
  return fmt::format("/proc/self/fd/{}/{}", at.directory, at.name);
}

void copy_xattrs(const Spot& from, const Spot& to, const std::string& path) {
  const auto source = by_descriptor(from);
  const auto target = by_descriptor(to);
  std::vector<char> names(64 * 1024);
  const auto size = ::llistxattr(source.c_str(), names.data(), names.size());
  if (size < 0 && errno == ENOTSUP) return;
  if (size < 0) throw path_error("read the extended attributes of", path);
  std::vector<char> value(64 * 1024);
  for (const char* name = names.data(); name < names.data() + size;
       name += std::string_view(name).size() + 1) {
    const auto length = ::lgetxattr(source.c_str(), name, value.data(), value.size());
    if (length < 0 && errno == ENODATA) continue;
    if (length < 0 ||
        ::lsetxattr(target.c_str(), name, value.data(), static_cast<std::size_t>(length), 0) != 0) {
      // Those of a security module are the kernel's to give.
      if (errno == EPERM || errno == ENOTSUP) continue;
      throw path_error("copy the extended attributes of", path);
    }
  }
}

void copy_attributes(const Spot& from, const Spot& to, const struct stat& about, const std::string& path) {
  const bool owned =
      ::fchownat(to.directory, to.name.c_str(), about.st_uid, about.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
  if (!owned && (errno != EPERM || ::geteuid() == 0)) throw path_error("set the owner of the copy of", path);
  if (!S_ISLNK(about.st_mode) && ::fchmodat(to.directory, to.name.c_str(), about.st_mode & 07777u, 0) != 0) {
    throw path_error("set the mode of the copy of", path);
  }
  copy_xattrs(from, to, path);
  const std::array<struct timespec, 2> times{about.st_atim, about.st_mtim};
  if (::utimensat(to.directory, to.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
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

void copy_content(const Spot& from, const Spot& to, const std::string& path) {
  const Fd source(
      ::openat(from.directory, from.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const Fd target(
      ::openat(to.directory, to.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!source || !target) throw path_error("copy", path);
  auto left = size_with_room(source.get(), target.get(), path);
  while (left > 0) {
    const auto count = ::sendfile(target.get(), source.get(), nullptr, std::min<std::size_t>(left, 1 << 20));
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) throw path_error("copy", path);
    if (count == 0) return;
    left -= static_cast<std::uint64_t>(count);
  }
}

void copy_link(const Spot& from, const Spot& to, const std::string& path) {
  char target[PATH_MAX];
  const auto size = ::readlinkat(from.directory, from.name.c_str(), target, sizeof target - 1);
  if (size < 0) throw path_error("read the link", path);
  target[size] = '\0';
  if (::symlinkat(target, to.directory, to.name.c_str()) != 0) throw path_error("copy the link", path);
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
  if (::fstatat(from.directory, from.name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
    throw path_error("look at", path);
  }
  if (S_ISDIR(about.st_mode)) {
    const Fd source = enter(from.directory, from.name, path, level);
    if (::mkdirat(to.directory, to.name.c_str(), 0700) != 0) throw path_error("copy", path);
    const Fd target = open_directory_at(to.directory, to.name);
    if (!target) throw path_error("copy", path);
    for (const auto& name : names_in(source.get(), path)) {
      copy_below({source.get(), name}, {target.get(), name}, path + "/" + name, level + 1);
    }
  } else if (S_ISLNK(about.st_mode)) {
    copy_link(from, to, path);
  } else if (S_ISREG(about.st_mode)) {
    copy_content(from, to, path);
  } else if (::mknodat(to.directory, to.name.c_str(), about.st_mode & (S_IFMT | 07777u), about.st_rdev) !=
             0) {
    throw path_error("copy", path);
  }
  copy_attributes(from, to, about, path);
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
