#include "disk.h"

#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/fs.h, which musl does not have. */
enum { RENAME_EXCHANGE_ = 2 };

struct totals totals;

void disk_fail(int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(status);
}

void disk_fail_errno(const char *what, const char *name) {
  int status = errno == ENOSPC || errno == EDQUOT ? STATUS_FULL : STATUS_FAILED;
  /* A name given twice, an attribute that makes no sense, more than a file may have: it is what was read that is wrong. */
  if (errno == EEXIST || errno == EINVAL || errno == ENAMETOOLONG || errno == EFBIG || errno == EMLINK || errno == EPERM)
    status = STATUS_REFUSED;
  disk_fail(status, "%s %.300s: %s", what, name, strerror(errno));
}

void *disk_allocate(size_t size) {
  void *memory = malloc(size);
  if (!memory) disk_fail(STATUS_FAILED, "out of memory");
  return memory;
}

static uint64_t number(const char *text) {
  char *end;
  errno = 0;
  uint64_t value = strtoull(text, &end, 10);
  if (errno || end == text || *end) disk_fail(STATUS_FAILED, "not a number: %s", text);
  return value;
}

static void report(void) {
  printf("{\"entries\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"allocated\":%" PRIu64 "}\n", totals.entries, totals.bytes,
         totals.allocated);
}

static const struct sink placing = {place_enter, place_leave, place_copy, place_other, place_hard_link};

static void copy(const char *from, const char *to) {
  place_open(to);
  disk_walk(from, &placing, 0, 0);
  place_close();
  report();
}

static void swap(const char *one, const char *other) {
  if (syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE_) != 0) disk_fail_errno("cannot swap", one);
}

static void move(const char *from, const char *to) {
  if (rename(from, to) != 0) disk_fail_errno("cannot move", from);
}

static void sync_file_system(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || syncfs(fd) != 0) disk_fail_errno("cannot sync", path);
}

/* Two descriptors a level of the tree. */
static void raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int disk_main(int argc, char **argv) {
  const char *verb = argc > 2 ? argv[2] : "";
  umask(0);
  raise_limit();
  if (strcmp(verb, "copy") == 0 && argc == 5) copy(argv[3], argv[4]);
  else if (strcmp(verb, "pack") == 0 && argc == 5) stream_write(argv[3], (uint32_t)number(argv[4]));
  else if (strcmp(verb, "unpack") == 0 && argc == 7) {
    stream_read(argv[3], (uint32_t)number(argv[4]), number(argv[5]), number(argv[6]));
    report();
  } else if (strcmp(verb, "move") == 0 && argc == 5) move(argv[3], argv[4]);
  else if (strcmp(verb, "swap") == 0 && argc == 5) swap(argv[3], argv[4]);
  else if (strcmp(verb, "sync") == 0 && argc == 4) sync_file_system(argv[3]);
  else {
    fprintf(stderr, "usage: boxlite-guest disk copy FROM TO | pack DIR SHIFT | unpack DIR SHIFT BYTES ENTRIES | move A B | swap A B | sync DIR\n");
    return STATUS_FAILED;
  }
  if (fflush(stdout) != 0) disk_fail_errno("cannot write", "stdout");
  return 0;
}
