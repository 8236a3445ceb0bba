#include "secrets/keyring.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::secrets {

namespace {

constexpr std::size_t largest_identity = 256 * 1024;

void report(const std::string& name, const Error& error, Problems& problems) {
  problems.error({std::make_shared<const std::string>(name), 0, 0},
                 fmt::format("this identity cannot be used: {}", error.message()), error.remedy());
}

}  // namespace

Keyring read_keyring(const std::vector<std::filesystem::path>& files, Problems& problems) {
  Keyring keys;
  for (const auto& file : files) {
    const auto opened = open_keys(file, problems);
    if (!opened) continue;
    for (auto& key : read_keys(opened.get(), file.native(), problems)) keys.push_back(std::move(key));
  }
  return keys;
}

Fd open_keys(const std::filesystem::path& file, Problems& problems) {
  Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) report(file.native(), system_error("open", file.native()), problems);
  return opened;
}

Keyring read_keys(int opened, const std::string& name, Problems& problems) {
  try {
    return read_identities(read_all(opened, largest_identity, name), name);
  } catch (const Error& error) {
    report(name, error, problems);
    return {};
  }
}

std::string stamp_of(const std::vector<std::filesystem::path>& files) {
  std::string stamp;
  for (const auto& file : files) {
    struct stat about {};
    const bool there = ::stat(file.c_str(), &about) == 0;
    stamp += fmt::format("{}:{}:{}:{}.{}\n", file.native(), there, there ? about.st_ino : 0,
                         there ? about.st_mtim.tv_sec : 0, there ? about.st_mtim.tv_nsec : 0);
  }
  return stamp;
}

}  // namespace greenwave::secrets
