#include "drivers/host/unit_files.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "drivers/host/replacement.h"

namespace greenwave::drivers::host {

namespace {

/// Directories that exist only for the units in them, as systemctl makes and removes them.
bool is_units_own(const std::string& directory) {
  return directory.ends_with(".d") || directory.ends_with(".wants") || directory.ends_with(".requires");
}

}  // namespace

std::optional<FileNow> file_now(Parents& parents, const std::string& path) {
  const auto spot = parents.find(path);
  if (!spot) return {};
  FileNow now;
  if (::fstatat(spot->directory, spot->name.c_str(), &now.about, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    throw path_error("look at", path);
  }
  if (now.is_link()) {
    std::array<char, 4096> target{};
    const auto length = ::readlinkat(spot->directory, spot->name.c_str(), target.data(), target.size());
    if (length < 0) throw path_error("read the link", path);
    now.content.assign(target.data(), static_cast<std::size_t>(length));
  } else if (S_ISREG(now.about.st_mode)) {
    const Fd file(
        ::openat(spot->directory, spot->name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file) throw path_error("open", path);
    now.content = read_all(file.get(), largest_unit, path);
  }
  return now;
}

Attributes unit_file_attributes() {
  Attributes attributes{.type = S_IFREG, .mode = 0644, .uid = {}, .gid = {}};
  if (::geteuid() == 0) {
    attributes.uid = 0;
    attributes.gid = 0;
  }
  return attributes;
}

Attributes link_attributes() {
  auto attributes = unit_file_attributes();
  attributes.type = S_IFLNK;
  return attributes;
}

bool is_as_wanted(const FileNow& now, const std::string& content) {
  return S_ISREG(now.about.st_mode) && now.content == content &&
         attribute_difference(unit_file_attributes(), now.about).empty();
}

FileSignature signature_of(const Host& host, const std::string& path, const FileNow& now) {
  return signature_of(path, now.about, content_digest(host, now.content));
}

void remove_unit_file(Parents& parents, const std::string& path, DirectorySync& sync) {
  remove_leftover(parents, path);
  const auto spot = parents.find(path);
  if (!spot) return;
  if (::unlinkat(spot->directory, spot->name.c_str(), 0) == 0) {
    sync.add(spot->directory);
  } else if (errno != ENOENT) {
    throw path_error("remove", path);
  }
  const auto directory = path.substr(0, path.rfind('/'));
  if (!is_units_own(directory)) return;
  const auto around = parents.find(directory);
  if (!around) return;
  if (::unlinkat(around->directory, around->name.c_str(), AT_REMOVEDIR) == 0) {
    sync.add(around->directory);
  } else if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT) {
    throw path_error("remove the empty directory", directory);
  }
}

}  // namespace greenwave::drivers::host
