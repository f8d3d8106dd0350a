#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One that is there keeps its mode, and its owner unless that is still who makes directories here: somebody may have died
   between the two calls. */
static int give(const char *path, uint32_t owner) {
  struct stat entry;
  if (lstat(path, &entry) != 0) return -1;
  if (!S_ISDIR(entry.st_mode)) {
    errno = ENOTDIR;
    return -1;
  }
  return entry.st_uid == geteuid() && owner != entry.st_uid ? lchown(path, owner, owner) : 0;
}

int host_make_directory(struct host_reader *reader, struct host_fault *fault) {
  char *path = host_string(reader);
  uint32_t mode = host_u32(reader), owner = host_u32(reader);
  int result = 0, made = 0;
  if (!host_finished(reader)) result = host_fail(fault, EINVAL, "make", "a malformed request");
  else if (!(made = mkdir(path, 0700) == 0) && errno != EEXIST) result = host_fail(fault, errno, "make", path);
  else if (made && chmod(path, mode & 07777) != 0) result = host_fail(fault, errno, "set the mode of", path);
  else if (give(path, owner) != 0) result = host_fail(fault, errno, "give to the box", path);
  free(path);
  return result;
}
