/* Preloaded into greenwaved: a clock that is wrong by CLOCK_OFFSET seconds, and a power cut before the
   KILL_AT-th call that changes something on the disk or asks systemd for something. Programs that it starts
   are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static long number(const char* name) {
  const char* text = strcmp(program_invocation_short_name, "greenwaved") == 0 ? getenv(name) : NULL;
  return text != NULL ? atol(text) : 0;
}

static void count(void) {
  static long calls;
  if (++calls == number("KILL_AT")) kill(getpid(), SIGKILL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CUT(result, name, parameters, arguments) \
  result name parameters {                       \
    count();                                     \
    return REAL(name) arguments;                 \
  }

CUT(int, rename, (const char* from, const char* to), (from, to))
CUT(int, renameat, (int at, const char* from, int there, const char* to), (at, from, there, to))
CUT(int, renameat2, (int at, const char* from, int there, const char* to, unsigned flags),
    (at, from, there, to, flags))
CUT(int, unlink, (const char* path), (path))
CUT(int, unlinkat, (int at, const char* path, int flags), (at, path, flags))
CUT(int, linkat, (int at, const char* from, int there, const char* to, int flags),
    (at, from, there, to, flags))
CUT(int, symlinkat, (const char* target, int at, const char* path), (target, at, path))
CUT(int, mkdirat, (int at, const char* path, mode_t mode), (at, path, mode))
CUT(int, mkdir, (const char* path, mode_t mode), (path, mode))
CUT(int, fchmod, (int file, mode_t mode), (file, mode))
CUT(int, fsync, (int file), (file))
CUT(int, fdatasync, (int file), (file))
CUT(ssize_t, pwrite64, (int file, const void* bytes, size_t size, off64_t at), (file, bytes, size, at))
CUT(ssize_t, sendmsg, (int socket, const struct msghdr* message, int flags), (socket, message, flags))

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = REAL(clock_gettime)(clock, now);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += number("CLOCK_OFFSET");
  return result;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  const int result = REAL(gettimeofday)(now, zone);
  now->tv_sec += number("CLOCK_OFFSET");
  return result;
}

time_t time(time_t* into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != NULL) *into = now.tv_sec;
  return now.tv_sec;
}
