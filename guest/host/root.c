/* The root directory of an ordinary user's host program: that of the host, and one directory more. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where a box's root, who is nobody to the host, can walk to: the home directory may be closed to all but its user. */
static const char place[] = ".boxlite";

static int show(int root, const char *name) {
  char from[300], to[300], target[4096];
  struct stat entry;
  if (snprintf(from, sizeof from, "/%s", name) >= (int)sizeof from) return 0;
  if (lstat(from, &entry) != 0) return 0;
  if (S_ISLNK(entry.st_mode)) {
    ssize_t length = readlink(from, target, sizeof target - 1);
    if (length < 0) return 0;
    target[length] = 0;
    return symlinkat(target, root, name);
  }
  if (S_ISDIR(entry.st_mode)) {
    if (mkdirat(root, name, 0755) != 0) return -1;
  } else if (S_ISREG(entry.st_mode)) {
    int fd = openat(root, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    close(fd);
  } else {
    return 0;
  }
  snprintf(to, sizeof to, "/proc/self/fd/%d/%s", root, name);
  /* What this user may not even look into, such as a mount of another's FUSE, is left out. */
  return mount(from, to, NULL, MS_BIND | MS_REC, NULL) == 0 || errno == EACCES ? 0 : -1;
}

static int fill(int root, struct host_fault *fault) {
  DIR *directory = opendir("/");
  struct dirent *entry;
  if (!directory) return host_fail(fault, errno, "open", "/");
  int result = 0;
  while (result == 0 && (entry = readdir(directory))) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, place) == 0) continue;
    if (show(root, name) != 0) result = host_fail(fault, errno, "show in a mount namespace: /", name);
  }
  closedir(directory);
  return result;
}

int host_own_root(const char *mounts, struct host_fault *fault) {
  /* What the host mounts later shows here too, and nothing the other way. */
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
    return host_fail(fault, errno, "make", "a mount namespace");
  int tree = host_detached_copy(mounts), root = -1;
  if (tree < 0) return host_fail(fault, errno, "open", mounts);
  if (mount("tmpfs", mounts, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") != 0 ||
      (root = open(mounts, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
    return host_fail(fault, errno, "mount", mounts);
  mode_t mask = umask(022);
  if (fill(root, fault) != 0) return -1;
  char to[64];
  snprintf(to, sizeof to, "/proc/self/fd/%d/%s", root, place);
  if (mkdirat(root, place, 0755) != 0 || host_attach_tree(tree, to) != 0) return host_fail(fault, errno, "mount", to);
  umask(mask);
  if (fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
    return host_fail(fault, errno, "change", "the root directory");
  /* The copy of itself that came with what it lies below. */
  umount2(mounts, MNT_DETACH);
  close(root), close(tree);
  return 0;
}
