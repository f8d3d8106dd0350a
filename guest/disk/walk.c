/* Walks a tree whose writers stand still; follows no link and leaves no file system. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static const struct sink *sink;
static int portable;
static uint32_t shift;
static dev_t device;

/* Inodes with several names: open addressing by inode number; the table is at most half full. */
static struct {
  uint64_t inode;
  uint32_t link;
} known[2 * LINKS_MAX];
static uint32_t links;

/* The number of an inode; `fresh` when it has just got one; 0 when there is no room: then it is a file of its own. */
static uint32_t link_of(uint64_t inode, int *fresh) {
  size_t at = (size_t)(inode * 0x9E3779B97F4A7C15ull) % (2 * LINKS_MAX);
  while (known[at].link && known[at].inode != inode) at = (at + 1) % (2 * LINKS_MAX);
  *fresh = known[at].link == 0;
  if (!*fresh) return known[at].link;
  if (links == LINKS_MAX) return 0;
  known[at].inode = inode;
  return known[at].link = ++links;
}

static int is_portable(const char *name, const uint8_t *value, uint32_t length) {
  if (strcmp(name, "trusted.overlay.opaque") == 0) return length == 1 && *value == 'y';
  if (strncmp(name, "user.overlay.", 13) == 0) return strcmp(name, "user.overlay.opaque") == 0;
  return strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0 ||
         strncmp(name, "system.posix_acl_", 17) == 0;
}

static void drop_xattrs(struct entry *entry) {
  for (uint32_t i = 0; i < entry->xattr_count; i++) free(entry->xattrs[i].value);
  entry->xattr_count = 0;
}

static void read_xattrs(struct entry *entry, const char *proc, const char *name) {
  static char names[XATTR_BYTES_MAX];
  entry->xattr_count = 0;
  ssize_t length = listxattr(proc, names, sizeof names);
  if (length < 0 && (errno == ENOTSUP || errno == EPERM)) return;
  if (length < 0) disk_fail_errno("cannot list the attributes of", name);
  for (char *key = names; key < names + length; key += strlen(key) + 1) {
    static uint8_t value[XATTR_BYTES_MAX];
    ssize_t size = getxattr(proc, key, value, sizeof value);
    if (size < 0 && (errno == ENODATA || errno == ENOTSUP)) continue;
    if (size < 0) disk_fail_errno("cannot read an attribute of", name);
    if (portable && !is_portable(key, value, (uint32_t)size)) continue;
    if (entry->xattr_count == XATTRS_MAX || strlen(key) > XATTR_NAME_MAX)
      disk_fail(STATUS_REFUSED, "%.300s has more than %d attributes; remove some in the box", name, XATTRS_MAX);
    struct xattr *xattr = &entry->xattrs[entry->xattr_count++];
    strcpy(xattr->name, key);
    xattr->length = (uint32_t)size;
    xattr->value = disk_allocate((size_t)size + 1);
    memcpy(xattr->value, value, (size_t)size);
    if (portable) shift_to_stream(xattr, shift);
  }
}

static void describe(struct entry *entry, const struct stat *stats, const char *name) {
  snprintf(entry->name, sizeof entry->name, "%s", name);
  entry->mode = stats->st_mode;
  /* An id below the shift is the host's own, of a directory that the runtime made. */
  entry->uid = stats->st_uid >= shift ? stats->st_uid - shift : stats->st_uid;
  entry->gid = stats->st_gid >= shift ? stats->st_gid - shift : stats->st_gid;
  entry->size = S_ISREG(stats->st_mode) ? (uint64_t)stats->st_size : 0;
  entry->mtime = stats->st_mtim.tv_sec;
  entry->mtime_ns = (uint32_t)stats->st_mtim.tv_nsec;
  entry->major = major(stats->st_rdev), entry->minor = minor(stats->st_rdev);
  entry->link = 0;
  entry->target[0] = 0;
}

static void walk_directory(int parent, const char *name, int depth);

static void walk_entry(int parent, const char *name, int depth) {
  static struct entry entry;
  struct stat stats;
  char proc[64];
  int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &stats) != 0) disk_fail_errno("cannot read", name);
  int device_node = (S_ISCHR(stats.st_mode) && stats.st_rdev != 0) || S_ISBLK(stats.st_mode);
  if (stats.st_dev != device || (portable && device_node)) {
    close(fd);
    return;
  }
  if (S_ISDIR(stats.st_mode)) {
    close(fd);
    walk_directory(parent, name, depth + 1);
    return;
  }
  int fresh = 1;
  uint32_t link = stats.st_nlink > 1 ? link_of(stats.st_ino, &fresh) : 0;
  if (!fresh) {
    close(fd);
    sink->hard_link(name, link);
    return;
  }
  snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
  describe(&entry, &stats, name);
  entry.link = link;
  read_xattrs(&entry, proc, name);
  if (S_ISREG(stats.st_mode)) {
    int file = open(proc, O_RDONLY | O_CLOEXEC);
    if (file < 0) disk_fail_errno("cannot open", name);
    sink->file(&entry, file);
    close(file);
  } else {
    if (S_ISLNK(stats.st_mode)) {
      ssize_t length = readlinkat(fd, "", entry.target, sizeof entry.target - 1);
      if (length < 0) disk_fail_errno("cannot read the link", name);
      entry.target[length] = 0;
    }
    sink->other(&entry);
  }
  drop_xattrs(&entry);
  close(fd);
}

static void walk_directory(int parent, const char *name, int depth) {
  static struct entry entry;
  struct stat stats;
  char proc[64];
  struct dirent *found;
  if (depth > DEPTH_MAX)
    disk_fail(STATUS_REFUSED, "directories are nested deeper than %d at %.300s; remove them in the box", DEPTH_MAX, name);
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &stats) != 0) disk_fail_errno("cannot open", name);
  if (depth == 0) device = stats.st_dev;
  snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
  describe(&entry, &stats, depth == 0 ? "" : name);
  read_xattrs(&entry, proc, name);
  sink->enter(&entry);
  drop_xattrs(&entry);
  DIR *directory = fdopendir(fd);
  if (!directory) disk_fail_errno("cannot list", name);
  while ((errno = 0, found = readdir(directory)))
    if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0) walk_entry(fd, found->d_name, depth);
  if (errno != 0) disk_fail_errno("cannot list", name);
  closedir(directory);
  sink->leave();
}

void disk_walk(const char *path, const struct sink *to, int only_portable, uint32_t id_shift) {
  sink = to, portable = only_portable, shift = id_shift;
  walk_directory(AT_FDCWD, path, 0);
}
