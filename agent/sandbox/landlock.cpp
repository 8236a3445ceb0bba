#include "sandbox/landlock.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

namespace greenwave::sandbox {

namespace {

// Newer than Debian 12's headers.
constexpr std::uint64_t truncate_file = 1ULL << 14;   // ABI 3
constexpr std::uint64_t control_device = 1ULL << 15;  // ABI 5
constexpr std::uint64_t every_tcp = 0b11;             // ABI 4: bind, connect
constexpr std::uint64_t every_scope = 0b11;           // ABI 6: abstract unix sockets, signals

/// As of ABI 6; a kernel takes the part of it that it knows.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};

constexpr std::uint64_t read_file = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t read_any = read_file | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t write_any = read_any | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | truncate_file;

/// Everything that an ABI knows is forbidden at first.
Ruleset all_of(long version) {
  Ruleset rules{.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
  if (version >= 2) rules.files |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) rules.files |= truncate_file;
  if (version >= 4) rules.network = every_tcp;
  if (version >= 5) rules.files |= control_device;
  if (version >= 6) rules.scopes = every_scope;
  return rules;
}

std::size_t size_for(long version) {
  if (version >= 6) return sizeof(Ruleset);
  return version >= 4 ? offsetof(Ruleset, scopes) : offsetof(Ruleset, network);
}

/// The kernel's; below 1, with errno: none.
long abi() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

void allow(int ruleset, const std::string& path, std::uint64_t access) {
  const Fd opened(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat about {};
  if (!opened || ::fstat(opened.get(), &about) != 0) return;
  if (!S_ISDIR(about.st_mode)) access &= read_file | LANDLOCK_ACCESS_FS_WRITE_FILE | truncate_file;
  const landlock_path_beneath_attr rule{.allowed_access = access, .parent_fd = opened.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    throw system_error("allow a confined process", path);
  }
}

}  // namespace

std::string lacking_landlock() {
  return abi() < 1 ? fmt::format("Landlock is not available ({})", std::strerror(errno)) : "";
}

std::string restrict_paths(const std::vector<std::string>& read, const std::vector<std::string>& write) {
  if (auto lacking = lacking_landlock(); !lacking.empty()) return lacking;
  const auto known = abi();
  const auto rules = all_of(known);
  const Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size_for(known), 0)));
  if (!ruleset) return fmt::format("Landlock cannot be used ({})", std::strerror(errno));
  for (const auto& path : read) allow(ruleset.get(), path, read_any & rules.files);
  for (const auto& path : write) allow(ruleset.get(), path, write_any & rules.files);
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return fmt::format("Landlock cannot be used ({})", std::strerror(errno));
  }
  return "";
}

}  // namespace greenwave::sandbox
