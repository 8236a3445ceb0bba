#include "drivers/host/packages/package_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "model/manifest.h"

namespace greenwave::drivers::host {

namespace {

namespace fs = std::filesystem;

/// As apt writes an epoch in a file's name.
std::string version_in_name(std::string_view version) {
  std::string text;
  for (const char c : version) {
    if (c == ':') {
      text += "%3a";
    } else {
      text += c;
    }
  }
  return text;
}

/// "name_version_architecture.deb": names and versions have no underscore.
std::string version_part(std::string_view file) {
  const auto begin = file.find('_');
  const auto end = begin == file.npos ? begin : file.find('_', begin + 1);
  return end == file.npos ? "" : std::string(file.substr(begin + 1, end - begin - 1));
}

}  // namespace

fs::path PackageStore::file_of(std::string_view name, std::string_view version,
                               std::string_view architecture) const {
  return directory_ / fmt::format("{}_{}_{}.deb", name, version_in_name(version), architecture);
}

bool PackageStore::has(const fs::path& file) const {
  std::error_code none;
  return fs::is_regular_file(file, none);
}

fs::path PackageStore::find(std::string_view name, std::string_view version) const {
  const auto begin = fmt::format("{}_{}_", name, version_in_name(version));
  std::error_code none;
  for (const auto& one : fs::directory_iterator(directory_, none)) {
    const auto file = one.path().filename().string();
    if (file.starts_with(begin) && file.ends_with(".deb")) return one.path();
  }
  return {};
}

void PackageStore::put(const fs::path& file, std::string_view bytes) const {
  prepare();
  if (has(file)) {
    std::error_code none;
    const bool same_size = fs::file_size(file, none) == bytes.size();
    if (same_size && sha256(read_file(file, largest_source)) == sha256(bytes)) return;
  }
  replace_file(file, bytes, 0600);
}

void PackageStore::prepare() const {
  make_directories(directory_, 0700);
}

void PackageStore::drop_others(std::string_view name, const std::vector<std::string>& versions) const {
  std::vector<std::string> kept;
  for (const auto& version : versions) kept.push_back(version_in_name(version));
  const auto begin = fmt::format("{}_", name);
  std::vector<fs::path> dropped;
  std::error_code none;
  for (const auto& one : fs::directory_iterator(directory_, none)) {
    const auto file = one.path().filename().string();
    if (file.starts_with(begin) && !contains(kept, version_part(file))) dropped.push_back(one.path());
  }
  for (const auto& file : dropped) fs::remove_all(file, none);
}

}  // namespace greenwave::drivers::host
