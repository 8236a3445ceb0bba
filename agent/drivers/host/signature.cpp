#include "drivers/host/signature.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace greenwave::drivers::host {

namespace {

std::int64_t nanoseconds(const struct timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// File times come from the coarse clock, some milliseconds a tick. A file time that is not behind it is of
/// the current tick; one far ahead of it only says that the clock was set back.
bool changed_in_this_tick(const struct stat& about) {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  const auto ahead = nanoseconds(about.st_ctim) - nanoseconds(now);
  return ahead >= 0 && ahead < 100'000'000;
}

std::string_view type_in_words(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "a file";
    case S_IFLNK:
      return "a link";
    case S_IFDIR:
      return "a directory";
    default:
      return "a special file";
  }
}

}  // namespace

Attributes attributes_of(const struct stat& about) {
  return {about.st_mode & S_IFMT, about.st_mode & 07777u, about.st_uid, about.st_gid};
}

std::string attribute_difference(const Attributes& wanted, const struct stat& about) {
  if (wanted.type != (about.st_mode & S_IFMT)) {
    return fmt::format("{} instead of {}", type_in_words(about.st_mode), type_in_words(wanted.type));
  }
  std::string words;
  const auto add = [&words](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
  if (wanted.type != S_IFLNK && wanted.mode != (about.st_mode & 07777u)) {
    add(fmt::format("mode {:04o} instead of {:04o}", about.st_mode & 07777u, wanted.mode));
  }
  if (wanted.uid && *wanted.uid != about.st_uid) {
    add(fmt::format("owner {} instead of {}", about.st_uid, *wanted.uid));
  }
  if (wanted.gid && *wanted.gid != about.st_gid) {
    add(fmt::format("group {} instead of {}", about.st_gid, *wanted.gid));
  }
  return words;
}

bool same_lstat(const FileSignature& signature, const struct stat& about) {
  return signature.inode == about.st_ino && signature.changed_ns == nanoseconds(about.st_ctim) &&
         signature.modified_ns == nanoseconds(about.st_mtim) &&
         signature.size == static_cast<std::uint64_t>(about.st_size) && signature.device == about.st_dev;
}

FileSignature signature_of(std::string path, const struct stat& about, const Digest& content) {
  FileSignature signature;
  signature.path = std::move(path);
  signature.content = content;
  if (changed_in_this_tick(about)) {
    signature.changed_ns = -1;
    return signature;
  }
  signature.device = about.st_dev;
  signature.inode = about.st_ino;
  signature.size = static_cast<std::uint64_t>(about.st_size);
  signature.modified_ns = nanoseconds(about.st_mtim);
  signature.changed_ns = nanoseconds(about.st_ctim);
  return signature;
}

void leave_tick() {
  // File times may be of the fine clock, too (kernels from 6.13 on), so the coarse one must pass that.
  struct timespec start {};
  ::clock_gettime(CLOCK_REALTIME, &start);
  for (int tries = 0; tries < 200; ++tries) {
    struct timespec now {};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    const auto ahead = nanoseconds(now) - nanoseconds(start);
    if (ahead > 0 || ahead < -1'000'000'000) return;  // far behind: the clock was set back meanwhile
    const struct timespec pause { 0, 500'000 };
    ::nanosleep(&pause, nullptr);
  }
}

FileSignature directory_signature(std::string path, const struct stat& about) {
  FileSignature signature;
  signature.path = std::move(path);
  signature.device = about.st_dev;
  signature.inode = about.st_ino;
  return signature;
}

Digest content_digest(const Host& host, std::string_view content) {
  return hmac_sha256(host.digest_key, content);
}

std::optional<Digest> content_digest(const Host& host, const Spot& spot, const struct stat& about,
                                     const std::string& path, std::uint64_t most) {
  if (S_ISLNK(about.st_mode)) {
    char target[PATH_MAX];
    const auto size = ::readlinkat(spot.directory, spot.name.c_str(), target, sizeof target);
    if (size < 0) throw path_error("read the link", path);
    return content_digest(host, std::string_view(target, static_cast<std::size_t>(size)));
  }
  // O_NONBLOCK: if it has become a pipe since it was looked at, opening must not wait for a writer.
  const Fd fd(::openat(spot.directory, spot.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat opened {};
  if (!fd || ::fstat(fd.get(), &opened) != 0) throw path_error("read", path);
  if (!S_ISREG(opened.st_mode)) {
    throw Error(Fault::conflict, fmt::format("{} is {}, not a file", path, type_in_words(opened.st_mode)),
                "remove it, or choose another path");
  }
  if (static_cast<std::uint64_t>(opened.st_size) > most) return {};
  Hasher hasher(host.digest_key);
  char chunk[64 * 1024];
  for (std::uint64_t size = 0;;) {
    const auto count = ::read(fd.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw path_error("read", path);
    if (count == 0) return hasher.finish();
    size += static_cast<std::uint64_t>(count);
    if (size > most) return {};  // it grows while it is read
    hasher.add({chunk, static_cast<std::size_t>(count)});
  }
}

namespace {

bool is_directory(const FileSignature& signature) {
  return signature.content.is_zero();
}

/// Of a directory in which others may make files: its times say nothing.
bool identity_only(const FileSignature& signature) {
  return is_directory(signature) && signature.changed_ns == 0;
}

/// A signature that matches nothing does not say how large the file was.
std::uint64_t largest_of(const FileSignature& signature) {
  return signature.inode == 0 ? largest_source : signature.size;
}

/// lstat by the whole path, in one system call and without an allocation: this is what a pass over thousands
/// of unchanged files consists of. A link on the way may lead it elsewhere, but then it finds another inode;
/// only what matches is believed, the rest is looked at again through Parents.
bool looks_the_same(const Host& host, const FileSignature& signature) {
  struct stat about {};
  if (host.is_live()) return ::lstat(signature.path.c_str(), &about) == 0 && same_lstat(signature, about);
  std::array<char, 2 * PATH_MAX> full;
  const auto& root = host.root.native();
  if (root.size() + signature.path.size() >= full.size()) return false;
  const auto end = std::copy(root.begin(), root.end(), full.begin());
  *std::copy(signature.path.begin(), signature.path.end(), end) = '\0';
  return ::lstat(full.data(), &about) == 0 && same_lstat(signature, about);
}

/// How one file drifted; else `fresh` is its signature as it is now.
std::string drift_of(Parents& parents, const FileSignature& signature,
                     const std::optional<Attributes>& wanted, bool distrust, FileSignature& fresh) {
  struct stat about {};
  if (!parents.look(signature.path, about)) return "missing";
  if (wanted) {
    if (auto words = attribute_difference(*wanted, about); !words.empty()) return words;
  }
  if (is_directory(signature)) {
    fresh = identity_only(signature) ? directory_signature(signature.path, about)
                                     : signature_of(signature.path, about, {});
    return {};
  }
  fresh = signature;
  if (!distrust && same_lstat(signature, about)) return {};
  const auto content = content_digest(parents.host(), *parents.find(signature.path), about, signature.path,
                                      largest_of(signature));
  if (content != signature.content) return "content changed";
  if (!same_lstat(signature, about)) fresh = signature_of(signature.path, about, *content);
  return {};
}

}  // namespace

Drift drift_of_files(const Host& host, const Entry& entry, bool distrust, const AttributesOf& wanted) {
  Drift drift;
  std::optional<Parents> parents;
  for (std::size_t i = 0; i < entry.files.size(); ++i) {
    const auto& signature = entry.files[i];
    if (!distrust && !identity_only(signature) && looks_the_same(host, signature)) continue;
    if (!parents) parents.emplace(host, Parents::Purpose::look);
    FileSignature fresh;
    const auto words = drift_of(*parents, signature, wanted(signature), distrust, fresh);
    if (!words.empty()) {
      return {.how = entry.files.size() == 1 ? words : fmt::format("{}: {}", signature.path, words)};
    }
    if (fresh == signature) continue;
    if (!drift.refreshed) drift.refreshed = entry.files;
    (*drift.refreshed)[i] = std::move(fresh);
  }
  return drift;
}

}  // namespace greenwave::drivers::host
