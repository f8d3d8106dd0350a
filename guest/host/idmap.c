/* Trees of directories shown with other owners: what box root owns is owned on disk by 0, and is nobody's outside. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* From linux/mount.h, which musl does not have. */
enum {
  SYS_OPEN_TREE = 428,
  SYS_MOVE_MOUNT = 429,
  SYS_MOUNT_SETATTR = 442,
  OPEN_TREE_CLONE_ = 1,
  AT_RECURSIVE_ = 0x8000,
  MOVE_MOUNT_F_EMPTY_PATH_ = 4,
  MOUNT_ATTR_IDMAP_ = 0x00100000,
};

struct mount_attributes {
  uint64_t set, clear, propagation, user_namespace;
};

static int write_map(pid_t pid, const char *name, const struct host_ids *ids) {
  char path[64], line[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int length = snprintf(line, sizeof line, "0 %u %u\n", ids->first, ids->count);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int error = write(fd, line, (size_t)length) == length ? 0 : errno;
  close(fd);
  errno = error;
  return error ? -1 : 0;
}

/* A namespace lives as long as somebody has it: a child that does nothing is its first member. */
static int open_user_namespace(const struct host_ids *ids) {
  char path[64];
  int fd = -1;
  pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (child < 0) return -1;
  if (child == 0)
    for (;;) pause();
  snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
  if (write_map(child, "uid_map", ids) == 0 && write_map(child, "gid_map", ids) == 0)
    fd = open(path, O_RDONLY | O_CLOEXEC);
  int error = errno;
  kill(child, SIGKILL); /* reaped by the host program: who does one thing here ends soon, and need not wait for that */
  errno = error;
  return fd;
}

int host_ids_open(struct host_ids *ids, struct host_fault *fault) {
  ids->namespace = open_user_namespace(ids);
  if (ids->namespace >= 0) return 0;
  return host_fail(fault, errno, "make a user namespace", "(see /proc/sys/user/max_user_namespaces)");
}

/* A copy of the mount that the path is in, rooted there and mounted nowhere. */
int host_idmapped_tree(const char *path, const struct host_ids *ids, uint64_t attributes, int recursive,
                       struct host_fault *fault) {
  int fd = (int)syscall(SYS_OPEN_TREE, AT_FDCWD, path, OPEN_TREE_CLONE_ | O_CLOEXEC | (recursive ? AT_RECURSIVE_ : 0));
  if (fd < 0) return host_fail(fault, errno, "open", path);
  struct mount_attributes set = {.set = attributes};
  if (ids->count) {
    set.set |= MOUNT_ATTR_IDMAP_;
    set.user_namespace = (uint64_t)ids->namespace;
  }
  if (syscall(SYS_MOUNT_SETATTR, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE_ : 0), &set, sizeof set) != 0) {
    host_fail(fault, errno,
              ids->count ? "its file system or this kernel cannot show other owners (idmapped mount):"
                         : "its mount cannot be restricted:",
              path);
    close(fd);
    return -1;
  }
  return fd;
}

int host_attach_tree(int tree, const char *target) {
  return (int)syscall(SYS_MOVE_MOUNT, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH_);
}

int host_detached_copy(const char *path) {
  return (int)syscall(SYS_OPEN_TREE, AT_FDCWD, path, OPEN_TREE_CLONE_ | O_CLOEXEC);
}

int host_bind_idmapped(struct host_reader *reader, struct host_fault *fault) {
  char *source = host_string(reader), *target = host_string(reader);
  struct host_ids ids = {.first = host_u32(reader), .count = host_u32(reader)};
  uint64_t attributes = host_u64(reader);
  int result = 0;
  if (!host_finished(reader)) result = host_fail(fault, EINVAL, "bind", "a malformed request");
  else if (ids.count) result = host_ids_open(&ids, fault);
  if (result == 0) {
    int tree = host_idmapped_tree(source, &ids, attributes, 1, fault);
    result = tree < 0 ? -1 : 0;
    if (result == 0 && host_attach_tree(tree, target) != 0) result = host_fail(fault, errno, "mount", target);
  }
  free(source), free(target);
  return result;
}
