#include "base/file.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"

namespace greenwave {

std::string read_all(int fd, std::size_t cap, std::string_view name) {
  std::string bytes;
  struct stat about {};
  if (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    bytes.reserve(std::min<std::size_t>(static_cast<std::size_t>(about.st_size) + 1, cap + 1));
  }
  char chunk[16 * 1024];
  for (;;) {
    const auto count = ::read(fd, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("read", name);
    if (count == 0) return bytes;
    bytes.append(chunk, static_cast<std::size_t>(count));
    if (bytes.size() > cap) {
      throw Error(Fault::invalid, fmt::format("{} is larger than {} bytes", name, cap));
    }
  }
}

std::string read_file(const std::filesystem::path& path, std::size_t cap) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw system_error("open", path.native());
  return read_all(fd.get(), cap, path.native());
}

void write_all(int fd, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const auto count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("write", name);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void replace_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode) {
  const auto beside = path.parent_path() / fmt::format(".{}.greenwave", path.filename().native());
  Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw system_error("create", beside.native());
  write_all(fd.get(), bytes, beside.native());
  if (::fchmod(fd.get(), mode) != 0) throw system_error("set the mode of", beside.native());
  if (::fsync(fd.get()) != 0) throw system_error("sync", beside.native());
  if (::rename(beside.c_str(), path.c_str()) != 0) throw system_error("rename into place", path.native());
  Fd directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) throw system_error("sync", path.parent_path().native());
}

void make_directories(const std::filesystem::path& path, unsigned mode) {
  if (path.empty() || path == "/") return;
  struct stat about {};
  if (::stat(path.c_str(), &about) == 0) {
    if (S_ISDIR(about.st_mode)) return;
    errno = ENOTDIR;
    throw system_error("create the directory", path.native());
  }
  make_directories(path.parent_path());
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    throw system_error("create the directory", path.native());
  }
}

}  // namespace greenwave
