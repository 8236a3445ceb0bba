#include "drivers/podman/own_volumes.h"

#include <cerrno>
#include <filesystem>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"

namespace greenwave::drivers::podman {

namespace {

namespace fs = std::filesystem;

constexpr unsigned for_all = 0777;
constexpr unsigned directory_mode = 0755;
constexpr unsigned readable = 0440;  ///< what fsGroup adds to a file that nobody writes to
constexpr unsigned writable = 0660;
constexpr unsigned enterable = 0110;
constexpr unsigned most_depth = 200;
constexpr uid_t unchanged_user = static_cast<uid_t>(-1);

/// A directory of the agent's own, which nobody else sees yet.
class Maker {
 public:
  explicit Maker(const Provision& provision) : group_(provision.group) {}

  void make(const std::string& place, const OwnVolume& volume) {
    // Who may write to a directory could put a link in it: where parts are mounted, it is root's.
    const bool is_whole = volume.subs.empty();
    make_directory(place, volume.writable && is_whole);
    for (const auto& file : volume.files) make_file(place, file);
    for (const auto& sub : volume.subs) {
      if (fs::exists(place + "/" + sub)) continue;
      make_way(place, sub);
      make_directory(place + "/" + sub, volume.writable);
    }
    sync(place);
  }

 private:
  void make_directory(const std::string& place, bool is_open) {
    if (::mkdir(place.c_str(), directory_mode) != 0 && errno != EEXIST) throw system_error("create", place);
    const auto added = group_ ? S_ISGID | enterable | (is_open ? writable : readable) : 0U;
    set(place, (is_open ? for_all : directory_mode) | added);
  }

  /// The directories above a path in a volume.
  void make_way(const std::string& place, std::string_view path) {
    for (auto at = path.find('/'); at != path.npos; at = path.find('/', at + 1))
      make_directory(fmt::format("{}/{}", place, path.substr(0, at)), false);
  }

  void make_file(const std::string& place, const workload::VolumeFile& file) {
    make_way(place, file.path);
    const auto path = place + "/" + file.path;
    const Fd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!made) throw system_error("create", path);
    write_all(made.get(), file.bytes, path);
    set(path, file.mode | (group_ ? readable : 0U));
    if (::fsync(made.get()) != 0) throw system_error("write", path);
  }

  void set(const std::string& path, unsigned mode) {
    if (group_ && ::lchown(path.c_str(), unchanged_user, static_cast<gid_t>(*group_)) != 0)
      throw system_error("change the group of", path);
    if (::chmod(path.c_str(), mode) != 0) throw system_error("change the mode of", path);
  }

  /// All directories of a tree: files are already on the disk.
  static void sync(const std::string& place) {
    const auto flush = [](const std::string& path) {
      const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!directory || ::fsync(directory.get()) != 0) throw system_error("write", path);
    };
    for (const auto& one : fs::recursive_directory_iterator(place)) {
      if (one.is_directory() && !one.is_symlink()) flush(one.path().native());
    }
    flush(place);
  }

  const std::optional<std::int64_t> group_;
};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class GroupGift {
 public:
  explicit GroupGift(gid_t group) : group_(group) {}

  void give(int parent, const char* name, const std::string& path, unsigned depth) const {
    struct stat about {};
    if (::fstatat(parent, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;  // a container has just removed it
      throw system_error("look at", path);
    }
    if (::fchownat(parent, name, unchanged_user, group_, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)
      throw system_error("change the group of", path);
    if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) return;
    const Fd found(::openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!found || ::fstat(found.get(), &about) != 0) return;
    const bool is_directory = S_ISDIR(about.st_mode);
    const auto added = writable | (is_directory ? S_ISGID | enterable : 0U);
    if (::fchmod(found.get(), (about.st_mode & 07777U) | added) != 0)
      throw system_error("change the mode of", path);
    if (is_directory && depth < most_depth) give_all_in(found.get(), path, depth + 1);
  }

 private:
  void give_all_in(int directory, const std::string& path, unsigned depth) const {
    const std::unique_ptr<DIR, CloseDirectory> items(::fdopendir(::dup(directory)));
    if (items == nullptr) throw system_error("read", path);
    while (const auto* item = ::readdir(items.get())) {
      const std::string_view name = item->d_name;
      if (name == "." || name == "..") continue;
      give(directory, item->d_name, path + "/" + item->d_name, depth);
    }
  }

  const gid_t group_;
};

}  // namespace

void make_volumes(const std::string& directory, const Provision& provision) {
  if (provision.own.empty()) return;
  make_directories(fs::path(directory).parent_path(), 0700);
  make_directories(directory, directory_mode);
  Maker maker(provision);
  for (const auto& volume : provision.own) maker.make(directory + "/" + volume.name, volume);
}

std::string make_part(const std::string& root, const std::string& sub) {
  Fd here(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!here) throw system_error("open", root);
  auto path = root;
  for (const auto part : split(sub, '/')) {
    const std::string name(part);
    path += "/" + name;
    if (::mkdirat(here.get(), name.c_str(), for_all) == 0) {
      // As open as Kubernetes' volumes are: what runs in the container is not known to be root.
      if (::fchmodat(here.get(), name.c_str(), for_all, 0) != 0)
        throw system_error("change the mode of", path);
    } else if (errno != EEXIST) {
      throw system_error("create", path);
    }
    struct stat about {};
    Fd next(::openat(here.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next || ::fstat(next.get(), &about) != 0) throw system_error("open", path);
    if (S_ISLNK(about.st_mode)) {
      throw Error(Fault::conflict,
                  fmt::format("{} is a link, which a container could have lead anywhere", printable(path)),
                  "replace it by a directory");
    }
    here = std::move(next);
  }
  return path;
}

void give_to_group(const std::string& path, std::int64_t group, bool only_mismatch) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) throw system_error("look at", path);
  const auto gid = static_cast<gid_t>(group);
  const auto wanted = S_ISDIR(about.st_mode) ? S_ISGID | writable | enterable : writable;
  if (only_mismatch && about.st_gid == gid && (about.st_mode & wanted) == wanted) return;
  GroupGift(gid).give(AT_FDCWD, path.c_str(), path, 0);
}

}  // namespace greenwave::drivers::podman
