#include "secrets/keyring.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::secrets {

namespace {

constexpr std::size_t largest_identity = 256 * 1024;

}  // namespace

Keyring read_keyring(const std::vector<std::filesystem::path>& files, Problems& problems) {
  Keyring keys;
  for (const auto& file : files) {
    try {
      const auto text = read_file(file, largest_identity);
      for (auto& key : read_identities(text, file.native())) keys.push_back(std::move(key));
    } catch (const Error& error) {
      problems.error({std::make_shared<const std::string>(file.native()), 0, 0},
                     fmt::format("this identity cannot be used: {}", error.message()), error.remedy());
    }
  }
  return keys;
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
