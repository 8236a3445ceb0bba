// What a process can still do once it is confined, or how a program does where the kernel lacks Landlock:
//
//   confined_attempts
//     tries what a renderer must not be able to do; a line for each that worked
//   confined_attempts --no-landlock PROGRAM …
//     runs it so that the system calls of Landlock do not exist

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/confine.h"

namespace {

using namespace greenwave;

int run_without_landlock(char** command) {
  auto* const filter = seccomp_init(SCMP_ACT_ALLOW);
  for (const auto* name : {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}) {
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), seccomp_syscall_resolve_name(name), 0);
  }
  if (seccomp_load(filter) != 0) return 125;
  seccomp_release(filter);
  ::execvp(command[0], command);
  return 126;
}

void attempt(const char* what, long result) {
  if (result >= 0) std::printf("%s\n", what);
}

/// Whether there can be so many at once. Their stacks are small: memory is not what limits them.
bool makes_threads(std::size_t count) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
  const auto wait = [](void*) -> void* {
    ::sleep(60);  // the process ends before
    return nullptr;
  };
  for (std::size_t made = 0; made < count; ++made) {
    pthread_t thread{};
    if (pthread_create(&thread, &attributes, wait, nullptr) != 0) return false;
  }
  return true;
}

void try_everything() {
  const auto agent = ::getppid();
  attempt("read /etc/shadow", ::open("/etc/shadow", O_RDONLY));
  attempt("read /etc/passwd", ::open("/etc/passwd", O_RDONLY));
  attempt("read the agent's memory", ::open(("/proc/" + std::to_string(agent) + "/mem").c_str(), O_RDONLY));
  attempt("list /", ::open("/", O_RDONLY | O_DIRECTORY));
  attempt("write in /tmp", ::open("/tmp/greenwave-confined", O_WRONLY | O_CREAT, 0600));
  attempt("remove a file", ::unlink("/tmp/greenwave-confined"));
  attempt("make a directory", ::mkdir("/tmp/greenwave-confined", 0700));
  attempt("make a TCP socket", ::socket(AF_INET, SOCK_STREAM, 0));
  attempt("make a unix socket", ::socket(AF_UNIX, SOCK_STREAM, 0));
  attempt("make a netlink socket", ::socket(AF_NETLINK, SOCK_RAW, 0));
  char program[] = "/bin/true";
  char* words[] = {program, nullptr};
  attempt("start a program", ::execv(program, words));
  attempt("make a process", ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  attempt("make a process in the new way", ::syscall(SYS_clone3, nullptr, 0));
  attempt("trace the agent", ::ptrace(PTRACE_ATTACH, agent, nullptr, nullptr));
  attempt("signal the agent", ::kill(agent, 0));
  attempt("end the agent's thread", ::syscall(SYS_tgkill, agent, agent, 0));
  attempt("become root", ::setresuid(0, 0, 0));
  attempt("mount", ::mount("none", "/mnt", "tmpfs", 0, nullptr));
  attempt("make a namespace", ::unshare(CLONE_NEWUSER));
  attempt("raise a limit", ::syscall(SYS_prlimit64, 0, 7, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", nullptr));
  const auto* memory =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  attempt("make memory a program", memory == MAP_FAILED ? -1 : 0);
  attempt("make a hundred threads", makes_threads(100) ? 0 : -1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && std::strcmp(argv[1], "--no-landlock") == 0) return run_without_landlock(argv + 2);
  for (const auto& missing : sandbox::confine({.role = sandbox::Role::renderer})) {
    std::fprintf(stderr, "%s\n", missing.c_str());
  }
  try_everything();
  std::printf("done\n");
  return 0;
}
