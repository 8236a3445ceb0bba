#include "drivers/host/replacement.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

namespace greenwave::drivers::host {

namespace {

/// Up to here an fsync each is cheaper than a syncfs, which also writes out what others left in the cache.
constexpr std::size_t few = 8;

/// From this many files on, write-behind pays off.
constexpr std::size_t many = 1024;

FileSignature plain_signature(const std::string& path, const struct stat& about, const Digest& content) {
  FileSignature signature;
  signature.path = path;
  signature.device = about.st_dev;
  signature.inode = about.st_ino;
  signature.size = static_cast<std::uint64_t>(about.st_size);
  signature.modified_ns =
      static_cast<std::int64_t>(about.st_mtim.tv_sec) * 1'000'000'000 + about.st_mtim.tv_nsec;
  signature.content = content;
  return signature;
}

/// For a file's times. Any later ordinary write then makes another one, even if it
/// comes in the same tick of the file system's clock and leaves the size as it is: what git's index calls
/// racily clean cannot happen.
std::array<struct timespec, 2> whole_second() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  now.tv_nsec = 0;
  return {now, now};
}

/// What a new file may be readable for at once: all that it will be, when neither its owner nor the group
/// that it gets from its directory makes a difference.
mode_t first_mode(const Attributes& attributes) {
  const bool is_own = attributes.uid.value_or(::geteuid()) == ::geteuid();
  const bool group_is_as_others = ((attributes.mode >> 3) & 07) == (attributes.mode & 07);
  return is_own && group_is_as_others ? attributes.mode & 0777 : 0600;
}

/// Owner first: chown clears the set-user-ID bits.
bool set_owner(int fd, const Attributes& attributes, const struct stat& about) {
  const uid_t uid = attributes.uid.value_or(about.st_uid);
  const gid_t gid = attributes.gid.value_or(about.st_gid);
  return (uid == about.st_uid && gid == about.st_gid) || ::fchown(fd, uid, gid) == 0;
}

/// What is beside the target, for fsync; without privileges its mode may allow only one way of opening it.
Fd reopen(const Spot& at) {
  const auto beside = name_beside(at.name);
  const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  Fd fd(::openat(at.directory, beside.c_str(), O_RDONLY | flags));
  if (!fd && errno == EACCES) fd = Fd(::openat(at.directory, beside.c_str(), O_WRONLY | flags));
  return fd;
}

}  // namespace

std::string name_beside(const std::string& name) {
  // A file name has 255 bytes at most.
  if (name.size() <= 240) return fmt::format(".{}{}", name, beside_suffix);
  return fmt::format(".{}-{}{}", name.substr(0, 200), to_hex(sha256(name)).substr(0, 16), beside_suffix);
}

void remove_leftover(Parents& parents, const std::string& path) {
  const auto at = parents.find(path);
  if (!at) return;
  if (::unlinkat(at->directory, name_beside(at->name).c_str(), 0) != 0 && errno != ENOENT) {
    throw path_error("remove a leftover beside", path);
  }
}

bool remove_file(Parents& parents, const std::string& path, DirectorySync& touched) {
  remove_leftover(parents, path);
  const auto at = parents.find(path);
  if (!at) return false;
  if (::unlinkat(at->directory, at->name.c_str(), 0) == 0) {
    touched.add(at->directory);
    return true;
  }
  if (errno == ENOENT) return false;
  throw path_error("remove", path);
}

std::size_t Replacements::stage(const std::string& path, std::string_view content,
                                const Attributes& attributes) {
  const Spot at = parents_.make(path);
  const auto beside = name_beside(at.name);
  const auto create = [&] {
    return Fd(::openat(at.directory, beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                       first_mode(attributes)));
  };
  Fd fd = create();
  if (!fd && errno == EEXIST && ::unlinkat(at.directory, beside.c_str(), 0) == 0) fd = create();
  if (!fd) throw path_error("write beside", path);
  try {
    struct stat about {};
    write_all(fd.get(), content, path);
    if (::fstat(fd.get(), &about) != 0) throw path_error("look at", path);
    if (!set_owner(fd.get(), attributes, about)) throw path_error("set the owner of", path);
    const bool has_mode = (about.st_mode & 07777) == attributes.mode;
    if (!has_mode && ::fchmod(fd.get(), attributes.mode) != 0) throw path_error("set the mode of", path);
    if (::futimens(fd.get(), whole_second().data()) != 0 || ::fstat(fd.get(), &about) != 0) {
      throw path_error("set the time of", path);
    }
    const auto number = keep(path, about, content_digest(parents_.host(), content), attributes);
    if (staged_.size() % many == 0) write_behind_.begin(at.directory);
    return number;
  } catch (...) {
    ::unlinkat(at.directory, beside.c_str(), 0);
    throw;
  }
}

std::size_t Replacements::stage_link(const std::string& path, const std::string& target,
                                     const Attributes& attributes) {
  const Spot at = parents_.make(path);
  const auto beside = name_beside(at.name);
  const auto create = [&] { return ::symlinkat(target.c_str(), at.directory, beside.c_str()) == 0; };
  bool made = create();
  if (!made && errno == EEXIST && ::unlinkat(at.directory, beside.c_str(), 0) == 0) made = create();
  if (!made) throw path_error("make the link", path);
  struct stat about {};
  // By descriptor: whoever owns the directory may have put something else there.
  const Fd link(::openat(at.directory, beside.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  const bool is_link = link && ::fstat(link.get(), &about) == 0 && S_ISLNK(about.st_mode);
  const bool owned = is_link && ::fchownat(link.get(), "", attributes.uid.value_or(-1),
                                           attributes.gid.value_or(-1), AT_EMPTY_PATH) == 0;
  if (!owned || ::utimensat(at.directory, beside.c_str(), whole_second().data(), AT_SYMLINK_NOFOLLOW) != 0 ||
      ::fstatat(at.directory, beside.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
    auto error = path_error("set the owner of the link", path);
    ::unlinkat(at.directory, beside.c_str(), 0);
    throw error;
  }
  return keep(path, about, content_digest(parents_.host(), target), attributes);
}

std::size_t Replacements::keep(const std::string& path, const struct stat& about, const Digest& content,
                               const Attributes& attributes) {
  Attributes kept = attributes;
  kept.type = about.st_mode & S_IFMT;
  staged_.push_back({plain_signature(path, about, content), kept, {}});
  bytes_ += static_cast<std::size_t>(about.st_size);
  return staged_.size() - 1;
}

std::vector<Replaced> Replacements::commit() {
  std::vector<Replaced> results(staged_.size());
  if (staged_.empty()) return results;
  make_durable();
  rename_all();
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    results[i].error = staged_[i].error;
    results[i].in_place = staged_[i].in_place;
  }
  sign_all(results);
  discard();
  return results;
}

void Replacements::make_durable() {
  const int lost = write_behind_.end();
  if (lost != 0) {
    errno = lost;
    const auto error = system_error("make durable", "what was written");
    for (auto& staged : staged_) staged.error = error;  // whose data was lost is unknown
  } else if (staged_.size() <= few) {
    for (auto& staged : staged_) {
      if (staged.attributes.type != S_IFREG) continue;
      try {
        const auto& path = staged.signature.path;
        const auto at = parents_.find(path);
        const Fd fd = at ? reopen(*at) : Fd();
        if (!fd || ::fsync(fd.get()) != 0) throw path_error("make durable", path);
      } catch (const Error& error) {
        staged.error = error;
      }
    }
  } else {
    std::vector<std::pair<std::uint64_t, std::optional<Error>>> synced;
    for (auto& staged : staged_) {
      const auto device = staged.signature.device;
      auto known = std::find_if(synced.begin(), synced.end(),
                                [device](const auto& one) { return one.first == device; });
      if (known == synced.end()) {
        known = synced.insert(synced.end(), {device, {}});
        try {
          const auto& path = staged.signature.path;
          const auto at = parents_.find(path);
          if (!at || ::syncfs(at->directory) != 0) throw path_error("make durable", path);
        } catch (const Error& error) {
          known->second = error;  // whose data was lost is unknown: none of them is put in place
        }
      }
      staged.error = known->second;
    }
  }
  try {
    parents_.made().sync();
  } catch (const Error& error) {
    for (auto& staged : staged_) {
      if (!staged.error) staged.error = error;
    }
  }
}

void Replacements::rename_all() {
  DirectorySync touched;
  for (auto& staged : staged_) {
    if (staged.error) continue;
    const auto& path = staged.signature.path;
    try {
      const auto at = parents_.find(path);
      const bool renamed = at && ::renameat(at->directory, name_beside(at->name).c_str(), at->directory,
                                            at->name.c_str()) == 0;
      if (!renamed) throw path_error("replace", path);
      staged.in_place = true;
      touched.add(at->directory);
    } catch (const Error& error) {
      staged.error = error;
    }
  }
  try {
    touched.sync();
  } catch (const Error& error) {
    for (auto& staged : staged_) {
      if (!staged.error) staged.error = error;
    }
  }
}

void Replacements::sign_all(std::vector<Replaced>& results) {
  leave_tick();
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    if (results[i].error) continue;
    const auto& staged = staged_[i];
    auto& signature = results[i].signature;
    signature.path = staged.signature.path;
    signature.content = staged.signature.content;
    try {
      struct stat about {};
      if (!parents_.look(signature.path, about)) continue;
      // What someone changed meanwhile must not be taken for ours: such a signature matches nothing.
      const auto now = plain_signature(signature.path, about, signature.content);
      const bool ours = now == staged.signature && attribute_difference(staged.attributes, about).empty();
      if (ours) signature = signature_of(signature.path, about, signature.content);
    } catch (const Error&) {
      // The file is in place; the next pass looks at it again.
    }
  }
}

void Replacements::discard() noexcept {
  for (const auto& staged : staged_) {
    if (staged.in_place) continue;
    try {
      remove_leftover(parents_, staged.signature.path);
    } catch (const std::exception&) {
      // The next replacement of this path, or its removal, tries again.
    }
  }
  staged_.clear();
  bytes_ = 0;
}

}  // namespace greenwave::drivers::host
