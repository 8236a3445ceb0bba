#include "drivers/podman/copy_tree.h"

#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

namespace greenwave::drivers::podman {

namespace {

constexpr mode_t all_modes = 07777;
constexpr mode_t private_mode = 0700;
constexpr std::size_t block = std::size_t(1) << 20U;
constexpr unsigned most_depth = 200;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

struct stat look_at(int directory, const char* name, const std::string& path) {
  struct stat about {};
  if (::fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) != 0) throw system_error("look at", path);
  return about;
}

/// As the kernel clears setuid at a change of the owner, the owner comes first.
void give(int target, const struct stat& about, const std::string& path) {
  if (::fchown(target, about.st_uid, about.st_gid) != 0) throw system_error("change the owner of", path);
  if (::fchmod(target, about.st_mode & all_modes) != 0) throw system_error("change the mode of", path);
  const std::array times{about.st_atim, about.st_mtim};
  if (::futimens(target, times.data()) != 0) throw system_error("set the time of", path);
}

void copy_file(int from, int to, const char* name, const struct stat& about, const std::string& path) {
  const Fd source(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!source) throw system_error("open", path);
  const Fd target(::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target) throw system_error("create", path);
  for (;;) {
    const auto copied = ::copy_file_range(source.get(), nullptr, target.get(), nullptr, block, 0);
    if (copied < 0 && errno != EINTR) throw system_error("copy", path);
    if (copied == 0) break;
  }
  give(target.get(), about, path);
}

void copy_link(int from, int to, const char* name, const struct stat& about, const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const auto size = ::readlinkat(from, name, target.data(), target.size() - 1);
  if (size < 0) throw system_error("read the link at", path);
  if (::symlinkat(target.data(), to, name) != 0 ||
      ::fchownat(to, name, about.st_uid, about.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
    throw system_error("create", path);
}

void copy_directory(int from, int to, const std::string& path, unsigned depth) {
  if (depth > most_depth) throw Error(Fault::invalid, path + " is too deep to be copied");
  const std::unique_ptr<DIR, CloseDirectory> items(::fdopendir(::dup(from)));
  if (items == nullptr) throw system_error("read", path);
  while (const auto* item = ::readdir(items.get())) {
    const char* name = item->d_name;
    if (std::string_view(name) == "." || std::string_view(name) == "..") continue;
    const auto own = path + "/" + name;
    const auto about = look_at(from, name, own);
    if (S_ISREG(about.st_mode)) {
      copy_file(from, to, name, about, own);
    } else if (S_ISLNK(about.st_mode)) {
      copy_link(from, to, name, about, own);
    } else if (S_ISFIFO(about.st_mode)) {
      if (::mkfifoat(to, name, private_mode) != 0 ||
          ::fchownat(to, name, about.st_uid, about.st_gid, AT_SYMLINK_NOFOLLOW) != 0 ||
          ::fchmodat(to, name, about.st_mode & all_modes, 0) != 0)
        throw system_error("create", own);
    } else if (S_ISDIR(about.st_mode)) {
      if (::mkdirat(to, name, private_mode) != 0) throw system_error("create", own);
      const Fd source(::openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      const Fd target(::openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!source || !target) throw system_error("open", own);
      copy_directory(source.get(), target.get(), own, depth + 1);
      give(target.get(), about, own);
    }
  }
}

}  // namespace

void copy_tree(const std::string& from, const std::string& to) {
  if (::mkdir(to.c_str(), private_mode) != 0) throw system_error("create", to);
  const Fd source(::open(from.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd target(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!source || !target) throw system_error("open", source ? to : from);
  copy_directory(source.get(), target.get(), from, 0);
  give(target.get(), look_at(source.get(), ".", from), to);
}

}  // namespace greenwave::drivers::podman
