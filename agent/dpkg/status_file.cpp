#include "dpkg/status_file.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::dpkg {

namespace {

namespace fs = std::filesystem;

/// A server with 4,000 packages has 6 MiB.
constexpr std::size_t most_status = 64 << 20;

std::string lstat_of(const fs::path& file) {
  struct stat about {};
  if (::lstat(file.c_str(), &about) != 0) throw system_error("look at", file.native());
  return fmt::format("{} {} {} {}.{} {}.{}", about.st_dev, about.st_ino, about.st_size, about.st_mtim.tv_sec,
                     about.st_mtim.tv_nsec, about.st_ctim.tv_sec, about.st_ctim.tv_nsec);
}

}  // namespace

StatusFile::StatusFile(const fs::path& root)
    : file_(root / "var/lib/dpkg/status"), updates_(root / "var/lib/dpkg/updates") {}

bool StatusFile::is_there() const {
  std::error_code none;
  return fs::is_regular_file(file_, none);
}

std::vector<fs::path> StatusFile::updates() const {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& one : fs::directory_iterator(updates_, none)) {
    const auto name = one.path().filename().string();
    if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) files.push_back(one.path());
  }
  std::ranges::sort(files);
  return files;
}

const Table& StatusFile::read() {
  const auto later = updates();
  auto now = lstat_of(file_);
  for (const auto& file : later) now += lstat_of(file);
  if (now == seen_) return table_;
  seen_.clear();
  table_ = Table(read_file(file_, most_status));
  for (const auto& file : later) table_.update(read_file(file, most_status));
  seen_ = now;
  return table_;
}

}  // namespace greenwave::dpkg
