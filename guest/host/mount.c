#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>

enum { STACKED_MAX = 64 };

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
