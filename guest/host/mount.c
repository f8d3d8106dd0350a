#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { OPTIONS_MAX = 4000, STACKED_MAX = 64 };

int host_mount(struct host_reader *reader, struct host_fault *fault) {
  char *source = host_string(reader), *target = host_string(reader), *type = host_string(reader);
  uint64_t flags = host_u64(reader);
  char *data = host_string(reader);
  int result = 0;
  if (!host_finished(reader)) result = host_fail(fault, EINVAL, "mount", "a malformed request");
  else if (mount(source, target, type[0] ? type : NULL, flags, data[0] ? data : NULL) != 0)
    result = host_fail(fault, errno, "mount", target);
  free(source), free(target), free(type), free(data);
  return result;
}

/* Overlay's options part at ',' and ':' and end at one page: a directory is named by a descriptor, which needs neither quoting nor room. */
static int add_directory(struct host_buffer *options, const char *key, const char *path) {
  char name[64];
  int fd = open(path, O_PATH | O_DIRECTORY);
  if (fd < 0) return -1;
  int length = snprintf(name, sizeof name, "%s/proc/self/fd/%d", key, fd);
  host_append(options, name, (size_t)length);
  return 0;
}

int host_mount_overlay(struct host_reader *reader, struct host_fault *fault) {
  char *target = host_string(reader), *upper = host_string(reader), *work = host_string(reader);
  char **layers = host_list(reader);
  uint64_t flags = host_u64(reader);
  char *extra = host_string(reader);
  struct host_buffer options = {0};
  int result = 0;
  if (!host_finished(reader) || !layers[0]) result = host_fail(fault, EINVAL, "mount", "a malformed request");
  for (int i = 0; result == 0 && layers[i]; i++)
    if (add_directory(&options, i ? ":" : "lowerdir=", layers[i]) != 0)
      result = host_fail(fault, errno, "open layer", layers[i]);
  if (result == 0 && upper[0]) {
    if (add_directory(&options, ",upperdir=", upper) != 0) result = host_fail(fault, errno, "open", upper);
    else if (add_directory(&options, ",workdir=", work) != 0) result = host_fail(fault, errno, "open", work);
  }
  if (result == 0) {
    if (extra[0]) host_append(&options, ",", 1);
    host_append(&options, extra, strlen(extra) + 1);
    if (options.used > OPTIONS_MAX) result = host_fail(fault, E2BIG, "mount an overlay of so many layers at", target);
    else if (mount("overlay", target, "overlay", flags, options.bytes) != 0)
      result = host_fail(fault, errno, "mount overlay at", target);
  }
  free(options.bytes);
  host_free_list(layers);
  free(target), free(upper), free(work), free(extra);
  return result;
}

/* Everything stacked on the target goes; one that is no mount point, or not there, is fine. */
int host_umount(struct host_reader *reader, struct host_fault *fault) {
  char *target = host_string(reader);
  uint8_t detach = host_u8(reader);
  int result = 0;
  if (!host_finished(reader)) result = host_fail(fault, EINVAL, "unmount", "a malformed request");
  for (int i = 0; result == 0 && i < STACKED_MAX; i++) {
    if (umount2(target, UMOUNT_NOFOLLOW | (detach ? MNT_DETACH : 0)) == 0) continue;
    if (errno != EINVAL && errno != ENOENT && errno != ENOTDIR) result = host_fail(fault, errno, "unmount", target);
    break;
  }
  free(target);
  return result;
}
