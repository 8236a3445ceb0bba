#include "sandbox/system_calls.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/handle.h"

namespace greenwave::sandbox {

namespace {

using Filter = std::unique_ptr<void, Freed<seccomp_release>>;

/// By name: a machine lacks some of them, and its library may not know the newest. Where numbers have 32
/// bits, there is a call for wider ones beside some: "fcntl64", "futex_time64". It is allowed with the other
/// one.
constexpr const char* common[] = {
    // the channel, and files that are open
    "read", "readv", "pread64", "write", "writev", "recvmsg", "sendmsg", "poll", "ppoll", "close", "fcntl",
    "fstat", "lseek", "_llseek", "dup",
    // memory
    "brk", "munmap", "mremap", "madvise", "mlockall", "munlockall", "munlock", "membarrier",
    // time, waiting, identity
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "futex",
    "sched_yield", "sched_getaffinity", "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid",
    "sysinfo", "uname", "getrandom", "getrlimit", "ugetrlimit",
    // the C library's own, and the end
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "restart_syscall", "rseq",
    "set_robust_list", "set_tid_address", "exit", "exit_group",
    // what the paths are restricted for
    "stat", "lstat", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getdents64", "getcwd"};

/// What the server sends is unpacked in a directory, from a connection that the agent has made.
constexpr const char* of_fetcher[] = {
    "recvfrom",    "sendto",   "recv",       "send",     "getsockopt", "setsockopt", "getsockname",
    "getpeername", "shutdown", "_newselect", "select",   "pselect6",   "pwrite64",   "ftruncate",
    "unlink",      "unlinkat", "rename",     "renameat", "renameat2",  "mkdir",      "mkdirat",
    "rmdir",       "chmod",    "fchmod",     "fchmodat", "umask",      "pipe2",      "eventfd2"};

Error refused(int code) {
  return {Fault::transient, fmt::format("cannot restrict the system calls: {}", std::strerror(-code)),
          "the kernel must have seccomp with filters (CONFIG_SECCOMP_FILTER)"};
}

class List {
 public:
  List() : filter_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {
    if (!filter_) throw refused(-ENOMEM);
  }

  template <typename... Conditions>
  void allow(const char* name, const Conditions&... conditions) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;
    const int code =
        seccomp_rule_add(filter_.get(), SCMP_ACT_ALLOW, number, sizeof...(conditions), conditions...);
    if (code != 0 && code != -EDOM) throw refused(code);
  }
  template <std::size_t Count>
  void allow_all(const char* const (&names)[Count]) {
    for (const std::string name : names) {
      for (const auto* wider : {"", "64", "_time64"}) allow((name + wider).c_str());
    }
  }
  void deny(const char* name, std::uint16_t code) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number != __NR_SCMP_ERROR) seccomp_rule_add(filter_.get(), SCMP_ACT_ERRNO(code), number, 0);
  }
  void load() {
    if (const int code = seccomp_load(filter_.get()); code != 0) throw refused(code);
  }

 private:
  Filter filter_;
};

/// Memory that is not a program's.
void allow_memory(List& list) {
  for (const auto* name : {"mmap", "mmap2", "mprotect"})
    list.allow(name, scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0});
}

/// To read, or in a directory that may be written to.
void allow_opening(List& list, bool writing) {
  if (writing) {
    for (const auto* name : {"open", "openat"}) list.allow(name);
    return;
  }
  constexpr unsigned changing = O_ACCMODE | O_CREAT | O_TRUNC;
  list.allow("open", scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, changing, O_RDONLY});
  list.allow("openat", scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, changing, O_RDONLY});
}

/// A thread, and nothing else that clone() makes. What clone3() is to make is in memory, where no filter
/// looks: told that there is no such call, the C library takes the other one.
void allow_threads(List& list) {
  constexpr scmp_datum_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                  CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  list.allow("clone", scmp_arg_cmp{0, SCMP_CMP_EQ, thread, 0});
  list.deny("clone3", ENOSYS);
}

/// What guard_memory() does again.
void allow_no_dumps(List& list) {
  list.allow("prctl", scmp_arg_cmp{0, SCMP_CMP_EQ, PR_SET_DUMPABLE, 0}, scmp_arg_cmp{1, SCMP_CMP_EQ, 0, 0});
}

/// What a failed assertion needs to end itself.
void allow_own_end(List& list) {
  list.allow("tgkill", scmp_arg_cmp{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()), 0});
  list.allow("prlimit64", scmp_arg_cmp{0, SCMP_CMP_EQ, 0, 0}, scmp_arg_cmp{2, SCMP_CMP_EQ, 0, 0});
}

}  // namespace

void restrict_system_calls(Role role) {
  List list;
  list.allow_all(common);
  allow_memory(list);
  allow_opening(list, role == Role::fetcher);
  allow_own_end(list);
  if (role != Role::fetcher) {
    allow_threads(list);
    allow_no_dumps(list);
  }
  if (role == Role::fetcher) {
    list.allow_all(of_fetcher);
    // libcurl wakes itself with a pair.
    list.allow("socketpair", scmp_arg_cmp{0, SCMP_CMP_EQ, AF_UNIX, 0});
    // It also connects what is connected: told that this goes on, it finds that it has succeeded.
    list.deny("connect", EINPROGRESS);
  }
  list.load();
}

}  // namespace greenwave::sandbox
