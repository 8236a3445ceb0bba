#include "control/upload.h"

#include <cerrno>

#include <fcntl.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::control {

Upload::Upload(const std::filesystem::path& directory, std::uint64_t size)
    : fd_(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {
  if (!fd_) throw system_error("receive a bundle in", directory.native());
  const int failure = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(size));
  if (failure == 0) return;
  errno = failure;
  throw system_error("receive a bundle in", directory.native());
}

void Upload::append(std::string_view bytes) {
  write_all(fd_.get(), bytes, "a bundle");
}

std::shared_ptr<const git::BundleFile> Upload::finish(std::string name) {
  return std::make_shared<const git::BundleFile>(git::BundleFile{std::move(fd_), std::move(name)});
}

}  // namespace greenwave::control
