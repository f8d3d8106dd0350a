#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

enum { RESOLVE_NO_XDEV_ = 1, RESOLVE_NO_SYMLINKS_ = 4, RESOLVE_BENEATH_ = 8 };
enum { DEPTH_MAX = 64, PASSES_MAX = 16 };

struct how {
  uint64_t flags, mode, resolve;
};

/* The tree that is being removed: where directories that lie too deep are moved to. */
struct tree {
  int root;
  unsigned long moved;
  char failed[256];
};

static int open_directory(int parent, const char *name) {
  struct how how = {O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
                    RESOLVE_NO_XDEV_ | RESOLVE_NO_SYMLINKS_ | RESOLVE_BENEATH_};
  return (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
}

static int failed(struct tree *tree, const char *name) {
  int error = errno;
  if (!tree->failed[0]) snprintf(tree->failed, sizeof tree->failed, "%s", name);
  errno = error;
  return -1;
}

/* A box can nest directories without end: below a limit they move up, so that neither stack nor descriptors run out. */
static int move_up(struct tree *tree, int parent, const char *name) {
  char target[64];
  do {
    snprintf(target, sizeof target, ".boxlite-removed-%lu", tree->moved++);
    if (syscall(SYS_renameat2, parent, name, tree->root, target, 1 /* RENAME_NOREPLACE */) == 0) return 0;
  } while (errno == EEXIST);
  return -1;
}

static int empty(struct tree *tree, int fd, int depth);

static int remove_entry(struct tree *tree, int parent, const char *name, int depth) {
  struct stat entry;
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return failed(tree, name);
  if (fstatat(parent, name, &entry, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? 0 : failed(tree, name);
  if (!S_ISDIR(entry.st_mode)) {
    errno = EPERM;
    return failed(tree, name);
  }
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return 0;
  int fd = open_directory(parent, name);
  if (fd < 0) return failed(tree, name);
  if (depth >= DEPTH_MAX) {
    close(fd);
    return move_up(tree, parent, name) == 0 ? 0 : failed(tree, name);
  }
  int result = empty(tree, fd, depth + 1);
  int error = errno;
  close(fd);
  if (result != 0) {
    errno = error;
    return -1;
  }
  return unlinkat(parent, name, AT_REMOVEDIR) == 0 ? 0 : failed(tree, name);
}

/* Empties the directory; takes no ownership of fd. What was moved up meanwhile needs another pass. */
static int empty(struct tree *tree, int fd, int depth) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  DIR *directory = copy < 0 ? NULL : fdopendir(copy);
  if (!directory) {
    if (copy >= 0) close(copy);
    return failed(tree, ".");
  }
  int result = 0, error = 0;
  for (int pass = 0; depth == 0 || pass < PASSES_MAX; pass++) {
    int seen = 0;
    struct dirent *entry;
    rewinddir(directory);
    while (result == 0 && (errno = 0, entry = readdir(directory))) {
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      seen = 1;
      result = remove_entry(tree, fd, entry->d_name, depth);
    }
    if (result != 0 || errno != 0) {
      error = errno;
      result = -1;
      break;
    }
    if (!seen) break;
  }
  closedir(directory);
  errno = error;
  return result;
}

int host_remove_tree(const char *path, struct host_fault *fault) {
  struct tree tree = {0};
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  char *whole = strndup(path, length);
  char *name = whole ? strrchr(whole, '/') : NULL;
  if (!name || !name[1] || strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0) {
    free(whole);
    return host_fail(fault, EINVAL, "remove", path);
  }
  *name++ = 0;
  int result = 0, error = 0;
  int parent = open(whole[0] ? whole : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0) {
    result = errno == ENOENT ? 0 : host_fail(fault, errno, "remove", path);
  } else if (unlinkat(parent, name, 0) != 0 && errno != ENOENT) {
    tree.root = open_directory(parent, name);
    if (tree.root < 0 || empty(&tree, tree.root, 0) != 0 || unlinkat(parent, name, AT_REMOVEDIR) != 0) {
      error = errno;
      char text[400];
      snprintf(text, sizeof text, "%.200s (at %.150s)", path, tree.failed[0] ? tree.failed : name);
      result = host_fail(fault, error, error == EXDEV ? "remove: something is mounted below" : "remove", text);
    }
    if (tree.root >= 0) close(tree.root);
  }
  if (parent >= 0) close(parent);
  free(whole);
  return result;
}
