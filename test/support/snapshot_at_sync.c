/* Preloaded into a program (LD_PRELOAD), this copies a disk image each time the program has made something
 * durable: what the disk would contain if power failed before the next time. SNAPSHOT_IMAGE is the image, and
 * SNAPSHOT_DIRECTORY takes the copies, 0001, 0002, ... */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void die(const char* what) {
  perror(what);
  _exit(70);
}

static void copy(int from, int to) {
  off_t end = lseek(from, 0, SEEK_END);
  if (ftruncate(to, end) != 0) die("ftruncate");
  for (off_t at = 0; at < end;) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
    if (hole < 0) die("lseek");
    for (loff_t in = data, out = data; in < hole;) {
      ssize_t count = copy_file_range(from, &in, to, &out, (size_t)(hole - in), 0);
      if (count <= 0) die("copy_file_range");
    }
    at = hole;
  }
}

static void snapshot(void) {
  const char* image = getenv("SNAPSHOT_IMAGE");
  const char* directory = getenv("SNAPSHOT_DIRECTORY");
  if (image == NULL || directory == NULL) die("SNAPSHOT_IMAGE and SNAPSHOT_DIRECTORY");
  int saved = errno;
  char path[4096];
  int to;
  int number = 0;
  // A script's programs follow each other, and each of them counts on.
  do {
    snprintf(path, sizeof path, "%s/%04d", directory, ++number);
    to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  } while (to < 0 && errno == EEXIST);
  int from = open(image, O_RDONLY | O_CLOEXEC);
  if (from < 0 || to < 0) die(path);
  copy(from, to);
  close(from);
  close(to);
  errno = saved;
}

#define THEN_SNAPSHOT(name)                                   \
  int name(int fd) {                                          \
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, #name); \
    int result = real(fd);                                    \
    snapshot();                                               \
    return result;                                            \
  }

THEN_SNAPSHOT(fsync)
THEN_SNAPSHOT(fdatasync)
THEN_SNAPSHOT(syncfs)

void sync(void) {
  ((void (*)(void))dlsym(RTLD_NEXT, "sync"))();
  snapshot();
}
