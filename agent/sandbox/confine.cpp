#include "sandbox/confine.h"

#include <cerrno>

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/account.h"
#include "base/error.h"
#include "sandbox/landlock.h"
#include "sandbox/system_calls.h"

namespace greenwave::sandbox {

namespace {

struct Limits {
  rlim_t memory;               ///< bytes that are not a file's
  rlim_t file;                 ///< bytes of one
  rlim_t threads;              ///< of its user, in all processes
  rlim_t processor = 15 * 60;  ///< seconds
  rlim_t descriptors = 64;
};

constexpr Limits limits_of(Role role) {
  if (role == Role::fetcher) return {.memory = 256 << 20, .file = 512 << 20, .threads = 1};
  return {.memory = (role == Role::renderer ? 384UL : 256UL) << 20, .file = 0, .threads = 16};
}

void limit(int resource, rlim_t most) {
  const rlimit limits{most, most};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &limits) != 0)
    throw system_error("limit", "a process");
}

void limit_resources(Role role) {
  const auto limits = limits_of(role);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limit(RLIMIT_DATA, limits.memory);
#endif
  limit(RLIMIT_FSIZE, limits.file);
  limit(RLIMIT_CPU, limits.processor);
  limit(RLIMIT_NOFILE, limits.descriptors);
  limit(RLIMIT_NPROC, limits.threads);
  limit(RLIMIT_CORE, 0);
  // Where this is refused, what guard_memory() would lock may be swapped out, as in the agent itself.
  const rlimit any{RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_MEMLOCK, &any);
  ::signal(SIGXFSZ, SIG_IGN);  // the write fails instead, with a message
}

void set(int option, unsigned long value) {
  if (::prctl(option, value, 0UL, 0UL, 0UL) != 0) throw system_error("confine", "a process");
}

/// Debian's nobody, where the machine lacks the user.
constexpr uid_t nobody = 65534;

constexpr const char* name_of_user(Role role) {
  return role == Role::fetcher ? "greenwave-fetch" : "greenwave-render";
}

std::string no_user(Role role) {
  return fmt::format("there is no user {}: the {} is nobody", name_of_user(role), to_string(role));
}

/// A directory that belongs to somebody else belongs to this user from now on.
void give(const std::string& directory, uid_t uid, gid_t gid) {
  struct stat about {};
  if (::stat(directory.c_str(), &about) == 0 && about.st_uid == uid) return;
  if (::chown(directory.c_str(), uid, gid) != 0) throw system_error("give to a confined process", directory);
}

/// Nothing happens where this is no root.
std::string give_up_root(const Allowed& allowed) {
  if (::geteuid() != 0) return "";
  const auto* name = name_of_user(allowed.role);
  const auto user = user_named(name);
  const uid_t uid = user ? user->uid : nobody;
  const gid_t gid = user ? user->gid : nobody;
  for (const auto& directory : allowed.write) give(directory, uid, gid);
  if (::setgroups(0, nullptr) != 0 || ::setresgid(gid, gid, gid) != 0 || ::setresuid(uid, uid, uid) != 0) {
    throw system_error("become", name);
  }
  return user ? "" : no_user(allowed.role);
}

/// All but those, of those that there are.
void keep_capabilities(std::uint32_t kept) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, sets) != 0) throw system_error("read", "capabilities");
  const auto left = sets[0].permitted & kept;
  sets[0] = {.effective = left, .permitted = left, .inheritable = 0};
  sets[1] = {};
  if (::syscall(SYS_capset, &header, sets) != 0) throw system_error("give up", "capabilities");
}

}  // namespace

Lacking lacking_here() {
  Lacking lacking{.users = {}, .landlock = lacking_landlock()};
  for (const auto role : {Role::fetcher, Role::renderer}) {
    if (!user_named(name_of_user(role))) lacking.users.push_back(no_user(role));
  }
  return lacking;
}

std::vector<std::string> confine(const Allowed& allowed) {
  const auto agent = ::getppid();
  std::vector<std::string> missing;
  const auto note = [&](std::string what) {
    if (!what.empty()) missing.push_back(std::move(what));
  };
  limit_resources(allowed.role);
  set(PR_SET_NO_NEW_PRIVS, 1);
  // Root may look into directories of others, another user only with a capability that access(2) does not
  // regard.
  auto unrestricted = allowed.reads_all ? restrict_paths(allowed.read, allowed.write) : "";
  const bool stays_root = allowed.reads_all && unrestricted.empty();
  if (!stays_root) note(give_up_root(allowed));
  keep_capabilities(stays_root ? 1U << CAP_DAC_READ_SEARCH : 0);
  set(PR_SET_DUMPABLE, 0);
  set(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != agent) ::_exit(1);  // it ended before that
  if (!allowed.reads_all) unrestricted = restrict_paths(allowed.read, allowed.write);
  note(unrestricted);
  restrict_system_calls(allowed.role);
  return missing;
}

}  // namespace greenwave::sandbox
