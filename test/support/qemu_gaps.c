/* What qemu-user 7.2 does not know and a device's kernel does, for runs of the programs under it alone: a
   filter of system calls counts as loaded, and openat2(2) opens as openat(2) does. Preloaded by
   test/support/foreign_device. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>

int seccomp_load(const void* filter) {
  return filter == 0;
}

long syscall(long number, ...) {
  long given[6];
  va_list list;
  va_start(list, number);
  for (int at = 0; at < 6; ++at) given[at] = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2) {
    const struct open_how* how = (const struct open_how*)given[2];
    return openat((int)given[0], (const char*)given[1], (int)how->flags, (mode_t)how->mode);
  }
  long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  return next(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
