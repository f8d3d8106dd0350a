#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPTIONS_MAX = 4000, SECBIT_NO_SETUID_FIXUP_ = 4 };

struct overlay {
  char *target, *upper, *work, **layers, *extra;
  uint64_t flags;
  struct host_ids ids;
  int attach; /* layers are mounted on the target while the overlay is made */
};

static void add_option(struct host_buffer *options, const char *key, int fd) {
  char name[64];
  int length = snprintf(name, sizeof name, "%s/proc/self/fd/%d", key, fd);
  host_append(options, name, (size_t)length);
}

/* Overlay's options part at ',' and ':' and end at one page: a directory is named by a descriptor, which needs neither quoting nor room. */
static int add_directory(struct host_buffer *options, const char *key, const char *path, struct host_fault *fault) {
  int fd = open(path, O_PATH | O_DIRECTORY);
  if (fd < 0) return host_fail(fault, errno, "open layer", path);
  add_option(options, key, fd);
  return 0;
}

static int mount_with(const struct overlay *overlay, struct host_buffer *options, struct host_fault *fault) {
  if (overlay->extra[0]) host_append(options, ",", 1);
  host_append(options, overlay->extra, strlen(overlay->extra) + 1);
  if (options->used > OPTIONS_MAX) return host_fail(fault, E2BIG, "mount an overlay of so many layers at", overlay->target);
  if (mount("overlay", overlay->target, "overlay", overlay->flags, options->bytes) != 0)
    return host_fail(fault, errno, "mount overlay at", overlay->target);
  return 0;
}

static int mount_plain(const struct overlay *overlay, struct host_buffer *options, struct host_fault *fault) {
  for (int i = 0; overlay->layers[i]; i++)
    if (add_directory(options, i ? ":" : "lowerdir=", overlay->layers[i], fault) != 0) return -1;
  if (overlay->upper[0] && (add_directory(options, ",upperdir=", overlay->upper, fault) != 0 ||
                            add_directory(options, ",workdir=", overlay->work, fault) != 0))
    return -1;
  return mount_with(overlay, options, fault);
}

static int add_tree(const struct overlay *overlay, const char *path, struct host_fault *fault) {
  int tree = host_idmapped_tree(path, &overlay->ids, 0, 0, fault);
  if (tree >= 0 && overlay->attach && host_attach_tree(tree, overlay->target) != 0) return host_fail(fault, errno, "mount", overlay->target);
  return tree;
}

/* Upper and work directory must be of one mount: that of the directory that both are in. */
static int add_upper(const struct overlay *overlay, struct host_buffer *options, struct host_fault *fault) {
  const char *upper = strrchr(overlay->upper, '/'), *work = strrchr(overlay->work, '/');
  size_t length = upper ? (size_t)(upper - overlay->upper) : 0;
  if (!upper || !work || length != (size_t)(work - overlay->work) || strncmp(overlay->upper, overlay->work, length) != 0)
    return host_fail(fault, EINVAL, "upper and work directory lie apart:", overlay->upper);
  char *parent = strndup(overlay->upper, length ? length : 1);
  int tree = parent ? add_tree(overlay, parent, fault) : host_fail(fault, ENOMEM, "mount", overlay->target);
  free(parent);
  if (tree < 0) return -1;
  int upper_fd = openat(tree, upper + 1, O_PATH | O_DIRECTORY), work_fd = openat(tree, work + 1, O_PATH | O_DIRECTORY);
  if (upper_fd < 0 || work_fd < 0) return host_fail(fault, errno, "open", overlay->upper);
  add_option(options, ",upperdir=", upper_fd);
  add_option(options, ",workdir=", work_fd);
  return 0;
}

/* The overlay writes as who mounts it, whom the upper mount must know: the first of the ids, with every capability. */
static int mount_as_first(const struct overlay *overlay, struct host_buffer *options, struct host_fault *fault) {
  if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP_) != 0 || syscall(SYS_setfsgid, overlay->ids.first) < 0 ||
      syscall(SYS_setfsuid, overlay->ids.first) < 0)
    return host_fail(fault, errno, "mount overlay at", overlay->target);
  int result = mount_with(overlay, options, fault);
  syscall(SYS_setfsuid, 0);
  syscall(SYS_setfsgid, 0);
  return result;
}

static int mount_trees(struct overlay *overlay, struct host_buffer *options, struct host_fault *fault) {
  options->used = 0;
  for (int i = 0; overlay->layers[i]; i++) {
    int layer = add_tree(overlay, overlay->layers[i], fault);
    if (layer < 0) return -1;
    add_option(options, i ? ":" : "lowerdir=", layer);
  }
  if (overlay->upper[0] && add_upper(overlay, options, fault) != 0) return -1;
  return mount_as_first(overlay, options, fault);
}

/* Kernels before 6.15 take a layer only from a mount that is mounted somewhere: in a mount namespace of its own, so that
   whatever happens nothing but the overlay itself stays behind. Until it is gone it keeps every mount of this host busy. */
static int mount_aside(struct overlay *overlay, struct host_buffer *options, struct host_fault *fault) {
  int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), tree = -1;
  if (home < 0 || unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    return host_fail(fault, errno, "make a mount namespace for", overlay->target);
  overlay->attach = 1;
  if (mount_trees(overlay, options, fault) != 0) return -1;
  tree = host_detached_copy(overlay->target);
  if (tree < 0 || setns(home, CLONE_NEWNS) != 0 || host_attach_tree(tree, overlay->target) != 0)
    return host_fail(fault, errno, "mount overlay at", overlay->target);
  return 0;
}

static int mount_idmapped(struct overlay *overlay, struct host_buffer *options, struct host_fault *fault) {
  if (host_ids_open(&overlay->ids, fault) != 0) return -1;
  int result = mount_trees(overlay, options, fault);
  return result != 0 && fault->number == EINVAL ? mount_aside(overlay, options, fault) : result;
}

int host_mount_overlay(struct host_reader *reader, struct host_fault *fault) {
  struct overlay overlay = {.target = host_string(reader), .upper = host_string(reader), .work = host_string(reader)};
  struct host_buffer options = {0};
  int result;
  overlay.layers = host_list(reader);
  overlay.flags = host_u64(reader);
  overlay.extra = host_string(reader);
  overlay.ids.first = host_u32(reader);
  overlay.ids.count = host_u32(reader);
  if (!host_finished(reader) || !overlay.layers[0]) result = host_fail(fault, EINVAL, "mount", "a malformed request");
  else if (overlay.ids.count) result = mount_idmapped(&overlay, &options, fault);
  else result = mount_plain(&overlay, &options, fault);
  free(options.bytes);
  host_free_list(overlay.layers);
  free(overlay.target), free(overlay.upper), free(overlay.work), free(overlay.extra);
  return result;
}
