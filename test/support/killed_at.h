#pragma once

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <functional>
#include <set>
#include <stdexcept>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace greenwave::test {

/// Whether a system call changes a file or a directory, or lets a change become durable.
inline bool changes_files(const __ptrace_syscall_info& info) {
  constexpr long calls[] = {
      SYS_renameat,  SYS_renameat2, SYS_unlinkat,  SYS_mkdirat,         SYS_symlinkat, SYS_linkat,
      SYS_fchmod,    SYS_fchmodat,  SYS_fchown,    SYS_fchownat,        SYS_utimensat, SYS_write,
      SYS_pwrite64,  SYS_fsync,     SYS_fdatasync, SYS_syncfs,          SYS_sync,      SYS_ftruncate,
      SYS_fsetxattr, SYS_sendfile,  SYS_ioctl,     SYS_copy_file_range,
#ifdef SYS_rename
      SYS_rename,    SYS_unlink,    SYS_mkdir,     SYS_symlink,         SYS_link,      SYS_chmod,
      SYS_chown,     SYS_lchown,    SYS_rmdir
#endif
  };
  const auto call = static_cast<long>(info.entry.nr);
  if (call == SYS_openat) return (info.entry.args[2] & (O_CREAT | O_TRUNC)) != 0;
  return std::ranges::find(calls, call) != std::end(calls);
}

/// Runs `body` in a process of its own, and kills that with all its children when one of them is about to
/// make the `number`-th (from 1) call that changes something: what a power cut leaves on a disk that forgets
/// nothing. False: it came to its end before.
inline bool killed_at(unsigned number, const std::function<void()>& body) {
  const auto first = ::fork();
  if (first < 0) throw std::runtime_error("cannot fork");
  if (first == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    body();
    ::_exit(0);
  }
  std::set<pid_t> running{first};
  unsigned count = 0;
  bool killed = false;
  bool began = false;
  while (!running.empty()) {
    int status = 0;
    const auto process = ::waitpid(-1, &status, __WALL);
    if (process < 0 && errno == EINTR) continue;
    if (process < 0) break;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      running.erase(process);
      continue;
    }
    running.insert(process);
    auto signal = WSTOPSIG(status);
    if (!began) {
      began = true;
      ::ptrace(PTRACE_SETOPTIONS, process, nullptr,
               PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACECLONE);
    }
    if (signal == (SIGTRAP | 0x80)) {
      __ptrace_syscall_info info{};
      ::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info);
      if (info.op == PTRACE_SYSCALL_INFO_ENTRY && changes_files(info) && ++count == number) {
        killed = true;
        for (const auto one : running) ::kill(one, SIGKILL);
      }
    }
    // The stops of tracing are for us alone.
    if (signal == SIGSTOP || (signal & ~0x80) == SIGTRAP) signal = 0;
    if (!killed) ::ptrace(PTRACE_SYSCALL, process, nullptr, signal);
  }
  return killed;
}

}  // namespace greenwave::test
