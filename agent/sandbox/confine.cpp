#include "sandbox/confine.h"

#include <cerrno>

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
  rlim_t processor = 15 * 60;  ///< seconds
  rlim_t descriptors = 64;
};

constexpr Limits limits_of(Role role) {
  if (role == Role::fetcher) return {.memory = 256 << 20, .file = 512 << 20};
  return {.memory = 384 << 20, .file = 0};
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
  limit(RLIMIT_CORE, 0);
  ::signal(SIGXFSZ, SIG_IGN);  // the write fails instead, with a message
}

/// Debian's nobody, where the machine lacks the user.
constexpr uid_t nobody = 65534;

/// Nothing where this is no root.
std::string give_up_root(Role role) {
  if (::geteuid() != 0) return "";
  const auto name = fmt::format("greenwave-{}", role == Role::fetcher ? "fetch" : "render");
  const auto user = user_named(name);
  const uid_t uid = user ? user->uid : nobody;
  const gid_t gid = user ? user->gid : nobody;
  if (::setgroups(0, nullptr) != 0 || ::setresgid(gid, gid, gid) != 0 || ::setresuid(uid, uid, uid) != 0) {
    throw system_error("become", name);
  }
  return user ? "" : fmt::format("there is no user {}: the {} is nobody", name, to_string(role));
}

/// Those of another user went with root.
void give_up_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capset, &header, none) != 0) throw system_error("give up", "capabilities");
}

void set(int option, unsigned long value) {
  if (::prctl(option, value, 0UL, 0UL, 0UL) != 0) throw system_error("confine", "a process");
}

}  // namespace

std::vector<std::string> confine(const Allowed& allowed) {
  const auto agent = ::getppid();
  std::vector<std::string> missing;
  const auto note = [&](std::string what) {
    if (!what.empty()) missing.push_back(std::move(what));
  };
  limit_resources(allowed.role);
  note(give_up_root(allowed.role));
  give_up_capabilities();
  set(PR_SET_NO_NEW_PRIVS, 1);
  set(PR_SET_DUMPABLE, 0);
  set(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != agent) ::_exit(1);  // it ended before that
  note(restrict_paths(allowed.read, allowed.write));
  restrict_system_calls(allowed.role);
  return missing;
}

}  // namespace greenwave::sandbox
