#include "drivers/host/directory_sync.h"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_directories = 32;

}  // namespace

void DirectorySync::add(int directory) {
  struct stat about {};
  if (::fstat(directory, &about) != 0) throw system_error("look at", "a directory");
  const auto same_directory = [&about](const Held& held) {
    return held.device == about.st_dev && held.inode == about.st_ino;
  };
  const auto same_file_system = [&about](const Held& held) { return held.device == about.st_dev; };
  if (std::any_of(file_systems_.begin(), file_systems_.end(), same_file_system)) return;
  if (std::any_of(directories_.begin(), directories_.end(), same_directory)) return;

  Fd fd(::fcntl(directory, F_DUPFD_CLOEXEC, 3));
  if (!fd) throw system_error("keep open", "a directory");
  const bool many = directories_.size() >= most_directories;
  if (many) std::erase_if(directories_, same_file_system);
  auto& list = many ? file_systems_ : directories_;
  list.push_back({about.st_dev, about.st_ino, std::move(fd)});
}

void DirectorySync::sync() {
  const auto directories = std::exchange(directories_, {});
  const auto file_systems = std::exchange(file_systems_, {});
  for (const auto& held : directories) {
    if (::fsync(held.fd.get()) != 0) throw system_error("make durable", "the entries of a directory");
  }
  for (const auto& held : file_systems) {
    if (::syncfs(held.fd.get()) != 0) throw system_error("make durable", "the entries of many directories");
  }
}

}  // namespace greenwave::drivers::host
