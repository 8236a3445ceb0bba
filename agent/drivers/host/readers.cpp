#include "drivers/host/readers.h"

#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"

namespace greenwave::drivers::host {

namespace {

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// Whether everybody may pass through the directory and those above it, up to the device's root.
bool is_open_upwards(int directory, const Host& host) {
  struct stat root {};
  struct stat here {};
  Fd current(::openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!current || ::stat(host.root.c_str(), &root) != 0 || ::fstat(current.get(), &here) != 0) return false;
  while (!is_same(here, root)) {
    if ((here.st_mode & S_IXOTH) == 0) return false;
    Fd above(::openat(current.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat about {};
    if (!above || ::fstat(above.get(), &about) != 0) return false;
    if (is_same(about, here)) break;
    current = std::move(above);
    here = about;
  }
  return true;
}

/// What is missing on the way will be made open, unless it is declared otherwise.
bool is_open_now(Parents& parents, std::string path) {
  while (path.rfind('/') != 0) {
    try {
      if (const auto at = parents.find(path)) return is_open_upwards(at->directory, parents.host());
    } catch (const Error&) {
      return false;
    }
    path.resize(path.rfind('/'));
    if (refusal_of(parents.host(), path)) break;
  }
  return true;
}

bool is_declared_open(Claimed& claimed, std::string_view path) {
  for (auto slash = path.rfind('/'); slash != 0 && slash != path.npos; slash = path.rfind('/')) {
    path = path.substr(0, slash);
    const auto mode = claimed.directory_mode(path);
    if (mode && (*mode & S_IXOTH) == 0) return false;
  }
  return true;
}

}  // namespace

bool Readers::are_everybody(Parents& parents, const std::string& path, mode_t mode) {
  if ((mode & S_IROTH) == 0) return false;
  auto directory = path.substr(0, path.rfind('/') + 1);
  if (directory != directory_) {
    directory_ = std::move(directory);
    is_open_ = is_declared_open(claimed_, path) && is_open_now(parents, path);
  }
  return is_open_;
}

}  // namespace greenwave::drivers::host
