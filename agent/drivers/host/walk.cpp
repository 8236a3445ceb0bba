#include "drivers/host/walk.h"

#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/host/tree_copy.h"

namespace greenwave::drivers::host {

namespace {

constexpr unsigned most_links = 40;  ///< as the kernel has it

Error unsafe(const std::string& path, std::string_view name, uid_t owner, uid_t decides) {
  return Error(Fault::conflict,
               fmt::format("{} on the way to {} belongs to user {}, and user {} could have put it there",
                           name, path, owner, decides),
               fmt::format("let user {} own it too, or let root own what leads there", decides));
}

}  // namespace

bool is_trusted(const Host& host, uid_t user) {
  if (user == 0 || user == ::geteuid()) return true;
  struct stat root {};
  return !host.is_live() && ::stat(host.root.c_str(), &root) == 0 && user == root.st_uid;
}

void refuse_stranger(const Host& host, int directory, const struct stat& found, const std::string& path) {
  struct stat about {};
  if (::fstat(directory, &about) != 0) throw path_error("look at the directory of", path);
  if (about.st_uid == found.st_uid || is_trusted(host, about.st_uid)) return;
  throw Error(Fault::conflict,
              fmt::format("{} belongs to user {}, in a directory of user {}, who could have put it there",
                          path, found.st_uid, about.st_uid),
              fmt::format("let user {} own it too, or let root own the directory", about.st_uid));
}

Walk::Walk(const Host& host, const std::string& path, DirectorySync* made)
    : host_(host), path_(path), made_(made) {
  struct stat about {};
  Fd root(::open(host.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root || ::fstat(root.get(), &about) != 0) {
    throw system_error("open the root directory", host.root.native());
  }
  decides_ = about.st_uid;
  places_.push_back({std::move(root), about.st_uid});
}

bool Walk::enter(std::string_view relative) {
  for (const auto name : split(relative, '/')) {
    if (name.empty() || name == ".") continue;
    const bool entered = name == ".." ? step_up() : step(name);
    if (!entered) return false;
  }
  return true;
}

/// Only links lead up.
bool Walk::step_up() {
  if (places_.size() - 1 == base_) {
    if (!is_confined_) return true;
    errno = EXDEV;
    return false;
  }
  places_.pop_back();
  arrive(places_.back().owner, "..");
  return true;
}

bool Walk::step(std::string_view name) {
  const std::string text(name);
  struct stat about {};
  Fd found = look(text, about);
  const bool may_make = made_ != nullptr && within_link_ == 0;
  if (!found && errno == ENOENT && may_make) found = make(text, about);
  if (!found) return false;
  if (S_ISLNK(about.st_mode)) return follow(found.get(), about.st_uid);
  if (!S_ISDIR(about.st_mode)) {
    errno = ENOTDIR;
    return false;
  }
  arrive(about.st_uid, name);
  places_.push_back({std::move(found), about.st_uid});
  return true;
}

bool Walk::follow(int link, uid_t owner) {
  if (++links_ > most_links) {
    errno = ELOOP;
    return false;
  }
  char target[PATH_MAX];
  const auto size = ::readlinkat(link, "", target, sizeof target);
  if (size < 0) return false;
  const std::string_view text(target, static_cast<std::size_t>(size));
  arrive(owner, "a link");
  if (text.starts_with('/')) {
    if (is_confined_) {
      errno = EXDEV;
      return false;
    }
    places_.resize(1);
    arrive(places_.front().owner, "/");
  }
  ++within_link_;
  const bool entered = enter(text);
  --within_link_;
  return entered;
}

void Walk::arrive(uid_t owner, std::string_view name) {
  if (owner != decides_ && !is_trusted(host_, decides_))
    throw unsafe(path_, printable(name), owner, decides_);
  decides_ = owner;
}

Fd Walk::look(const std::string& name, struct stat& about) const {
  Fd found(::openat(places_.back().directory.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (found && ::fstat(found.get(), &about) != 0) return Fd();
  return found;
}

Fd Walk::make(const std::string& name, struct stat& about) {
  const int here = places_.back().directory.get();
  const bool fresh = ::mkdirat(here, name.c_str(), 0755) == 0;
  if (!fresh && errno != EEXIST) throw path_error("make the directory of", path_);
  if (!fresh) return look(name, about);
  Fd open(::openat(here, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!open || ::fstat(open.get(), &about) != 0) throw path_error("make the directory of", path_);
  const bool is_users = !is_trusted(host_, decides_);
  // Whoever owns this directory may have put another one there since.
  if (is_users && (about.st_uid != ::geteuid() || !names_in(open.get(), path_).empty())) {
    throw unsafe(path_, printable(name), about.st_uid, decides_);
  }
  if (is_users && ::fchown(open.get(), decides_, static_cast<gid_t>(-1)) != 0) {
    throw path_error("set the owner of the directory of", path_);
  }
  // mkdir obeys the umask; what others rely on must not.
  if (::fchmod(open.get(), 0755) != 0) throw path_error("set the mode of the directory of", path_);
  made_->add(this->open().get());
  if (::fstat(open.get(), &about) != 0) throw path_error("look at the directory of", path_);
  return open;
}

Fd Walk::open() const {
  return Fd(::openat(places_.back().directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace greenwave::drivers::host
