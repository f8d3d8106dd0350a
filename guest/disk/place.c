/* Makes a tree: each name is one component that must not exist yet, below a directory that this made itself. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* From linux/fs.h, which musl does not have. */
enum { FICLONE_ = 0x40049409 };

enum { LINK_PATHS_BYTES_MAX = 64 * 1024 * 1024 };

struct level {
  int fd;
  struct timespec mtime;
  size_t path_length;
};

static const char *root_path;
static struct level levels[DEPTH_MAX + 1];
static int depth = -1;
/* The path from the root to the open directory, for hard links; too long ones cannot be linked to. */
static char path[LINK_PATH_MAX + 1];
static size_t path_length;
static int root = -1;
static char *link_paths[LINKS_MAX + 1];
static size_t link_paths_bytes;

void place_open(const char *to) { root_path = to; }

static int here(void) {
  if (depth < 0) disk_fail(STATUS_REFUSED, "the archive is corrupt: an entry lies outside of its root");
  return levels[depth].fd;
}

static void count(int fd) {
  struct stat stats;
  totals.entries++;
  if (fstat(fd, &stats) != 0) disk_fail_errno("cannot read", "what was made");
  totals.allocated += (uint64_t)stats.st_blocks * 512;
}

static void set_xattrs(const struct entry *entry, int fd) {
  char proc[64];
  snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
  for (uint32_t i = 0; i < entry->xattr_count; i++) {
    const struct xattr *xattr = &entry->xattrs[i];
    if (setxattr(proc, xattr->name, xattr->value, xattr->length, 0) != 0)
      disk_fail_errno("cannot set an attribute of", entry->name);
  }
}

/* Owner first: a change of it drops set-user-id bits and capabilities. */
static void dress(const struct entry *entry, int fd, int is_link) {
  char proc[64];
  snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
  if (fchownat(fd, "", entry->uid, entry->gid, AT_EMPTY_PATH) != 0) disk_fail_errno("cannot give away", entry->name);
  if (!is_link && chmod(proc, entry->mode & 07777) != 0) disk_fail_errno("cannot set the mode of", entry->name);
  set_xattrs(entry, fd);
}

static void remember(const struct entry *entry) {
  size_t length = strlen(entry->name);
  if (entry->link == 0 || entry->link > LINKS_MAX || link_paths[entry->link]) return;
  if (path_length + 1 + length > LINK_PATH_MAX) return;
  link_paths_bytes += path_length + length + 2;
  if (link_paths_bytes > LINK_PATHS_BYTES_MAX) disk_fail(STATUS_REFUSED, "too many files have several names");
  char *whole = disk_allocate(path_length + length + 2);
  memcpy(whole, path, path_length);
  memcpy(whole + path_length, entry->name, length + 1);
  link_paths[entry->link] = whole;
}

void place_enter(const struct entry *entry) {
  int fd;
  if (depth == DEPTH_MAX) disk_fail(STATUS_REFUSED, "directories are nested deeper than %d", DEPTH_MAX);
  if (depth < 0) {
    if (root >= 0) disk_fail(STATUS_REFUSED, "the archive is corrupt: it has two roots");
    if (mkdir(root_path, 0700) != 0) disk_fail_errno("cannot make", root_path);
    root = fd = open(root_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  } else {
    if (mkdirat(here(), entry->name, 0700) != 0) disk_fail_errno("cannot make", entry->name);
    fd = openat(here(), entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  if (fd < 0) disk_fail_errno("cannot open", entry->name);
  dress(entry, fd, 0);
  count(fd);
  size_t before = path_length, length = strlen(entry->name);
  if (depth >= 0) {
    if (path_length + length + 1 <= LINK_PATH_MAX) {
      memcpy(path + path_length, entry->name, length);
      path[path_length + length] = '/';
    }
    path_length += length + 1;
  }
  levels[++depth] = (struct level){fd, {entry->mtime, entry->mtime_ns}, before};
}

void place_leave(void) {
  struct level *level = &levels[depth];
  int fd = here();
  struct timespec times[2] = {level->mtime, level->mtime};
  if (futimens(fd, times) != 0) disk_fail_errno("cannot set the time of", "a directory");
  path_length = level->path_length;
  if (depth > 0) close(fd);
  depth--;
}

void place_close(void) {
  if (depth >= 0 || root < 0) disk_fail(STATUS_REFUSED, "the archive is corrupt: a directory has no end");
  close(root);
}

static void set_time(const struct entry *entry) {
  struct timespec times[2] = {{entry->mtime, entry->mtime_ns}, {entry->mtime, entry->mtime_ns}};
  if (utimensat(here(), entry->name, times, AT_SYMLINK_NOFOLLOW) != 0) disk_fail_errno("cannot set the time of", entry->name);
}

void place_other(const struct entry *entry) {
  if (S_ISLNK(entry->mode)) {
    if (symlinkat(entry->target, here(), entry->name) != 0) disk_fail_errno("cannot link", entry->name);
  } else if (mknodat(here(), entry->name, (entry->mode & S_IFMT) | 0600, makedev(entry->major, entry->minor)) != 0) {
    disk_fail_errno("cannot make", entry->name);
  }
  int fd = openat(here(), entry->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) disk_fail_errno("cannot open", entry->name);
  dress(entry, fd, S_ISLNK(entry->mode));
  count(fd);
  close(fd);
  set_time(entry);
  remember(entry);
}

void place_hard_link(const char *name, uint32_t link) {
  const char *to = link && link <= LINKS_MAX ? link_paths[link] : NULL;
  if (!to) disk_fail(STATUS_REFUSED, "%.300s is a name of a file whose path is too long; move it in the box", name);
  /* Every component was made here, as a directory, and no link is among them. */
  if (linkat(root, to, here(), name, 0) != 0) disk_fail_errno("cannot link", name);
  totals.entries++;
}

int place_file(const struct entry *entry) {
  int file = openat(here(), entry->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) disk_fail_errno("cannot make", entry->name);
  if (ftruncate(file, (off_t)entry->size) != 0) disk_fail_errno("cannot size", entry->name);
  return file;
}

void place_end_file(const struct entry *entry, int file) {
  dress(entry, file, 0);
  count(file);
  totals.bytes += entry->size;
  close(file);
  set_time(entry);
  remember(entry);
}

static void copy_piece(const struct entry *entry, int source, int file, off_t at, off_t end) {
  static int by_kernel = 1;
  static uint8_t buffer[PIECE];
  while (at < end) {
    off_t in = at, out = at;
    ssize_t done = by_kernel ? copy_file_range(source, &in, file, &out, (size_t)(end - at), 0) : -1;
    if (by_kernel && done < 0) {
      if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        disk_fail_errno("cannot copy", entry->name);
      by_kernel = 0;
    }
    if (!by_kernel) {
      size_t want = end - at < PIECE ? (size_t)(end - at) : PIECE;
      done = pread(source, buffer, want, at);
      if (done > 0) done = pwrite(file, buffer, (size_t)done, at);
    }
    if (done < 0) disk_fail_errno("cannot copy", entry->name);
    if (done == 0) return; /* cut short meanwhile: the rest stays a hole */
    at += done;
  }
}

void place_copy(const struct entry *entry, int source) {
  int file = place_file(entry);
  off_t size = (off_t)entry->size;
  if (size > 0 && ioctl(file, FICLONE_, source) != 0) {
    for (off_t at = 0, end; at < size; at = end) {
      at = lseek(source, at, SEEK_DATA);
      if (at < 0 && errno == ENXIO) break;
      end = at < 0 ? -1 : lseek(source, at, SEEK_HOLE);
      if (end < 0) disk_fail_errno("cannot read", entry->name);
      copy_piece(entry, source, file, at, end < size ? end : size);
    }
  }
  place_end_file(entry, file);
}
