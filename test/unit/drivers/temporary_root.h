#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/host/confined.h"

namespace greenwave::test {

/// A directory that stands for a device's root.
class TemporaryRoot {
 public:
  TemporaryRoot() {
    std::string pattern = (std::filesystem::temp_directory_path() / "greenwave-test-XXXXXX").native();
    path_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(path_ / "etc");
  }
  TemporaryRoot(const TemporaryRoot&) = delete;
  TemporaryRoot& operator=(const TemporaryRoot&) = delete;
  ~TemporaryRoot() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& inside) const { return path_ / inside; }
  drivers::host::Host host() const { return {path_, {"/etc", "/opt"}}; }

  void write(const std::string& inside, const std::string& bytes) const {
    std::filesystem::create_directories((path_ / inside).parent_path());
    std::ofstream(path_ / inside, std::ios::binary) << bytes;
  }
  std::string read(const std::string& inside) const {
    std::ifstream file(path_ / inside, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  struct stat about(const std::string& inside) const {
    struct stat result {};
    if (::lstat((path_ / inside).c_str(), &result) != 0) FAIL("no " << inside);
    return result;
  }
  mode_t mode(const std::string& inside) const { return about(inside).st_mode & 07777u; }
  bool has(const std::string& inside) const {
    struct stat result {};
    return ::lstat((path_ / inside).c_str(), &result) == 0;
  }

 private:
  std::filesystem::path path_;
};

/// A small tmpfs of the test's own; absent (and said so) where mounting is not allowed.
class Mounted {
 public:
  Mounted(std::filesystem::path at, unsigned long flags, const std::string& options) : at_(std::move(at)) {
    std::filesystem::create_directories(at_);
    ok_ = ::mount("tmpfs", at_.c_str(), "tmpfs", flags, options.c_str()) == 0;
    if (!ok_) WARN("skipped: mounting a tmpfs needs root");
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted() {
    if (ok_) ::umount2(at_.c_str(), MNT_DETACH);
  }

  explicit operator bool() const { return ok_; }
  void make_read_only() const { ::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, ""); }

 private:
  std::filesystem::path at_;
  bool ok_ = false;
};

inline bool is_root() {
  if (::geteuid() == 0) return true;
  WARN("skipped: needs root");
  return false;
}

}  // namespace greenwave::test
