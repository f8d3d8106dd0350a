/* What the files of the disk role share: a tree is walked, and placed or written as a stream. */
#ifndef BOXLITE_DISK_INTERNAL_H
#define BOXLITE_DISK_INTERNAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
  DEPTH_MAX = 1000,
  NAME_LENGTH_MAX = 255,
  TARGET_MAX = 4095,
  XATTRS_MAX = 64,
  XATTR_NAME_MAX = 255,
  XATTR_BYTES_MAX = 65536,
  LINKS_MAX = 262144,
  LINK_PATH_MAX = 4000,
  PIECE = 1024 * 1024,
};

enum { STATUS_FAILED = 1, STATUS_REFUSED = 2, STATUS_FULL = 3 };

struct xattr {
  char name[XATTR_NAME_MAX + 1];
  uint8_t *value;
  uint32_t length;
};

/* An entry of a tree; `name` is one component, empty for the root. */
struct entry {
  char name[NAME_LENGTH_MAX + 1], target[TARGET_MAX + 1];
  uint32_t mode, uid, gid;
  uint64_t size;
  int64_t mtime;
  uint32_t mtime_ns;
  uint32_t major, minor;
  /* Not 0: an inode with several names. */
  uint32_t link;
  uint32_t xattr_count;
  struct xattr xattrs[XATTRS_MAX];
};

/* Where the entries of a walk go, depth first; `file` is open for reading, at its start. */
struct sink {
  void (*enter)(const struct entry *entry);
  void (*leave)(void);
  void (*file)(const struct entry *entry, int file);
  void (*other)(const struct entry *entry);
  /* Another name of an earlier inode. */
  void (*hard_link)(const char *name, uint32_t link);
};

struct totals {
  uint64_t entries, bytes, allocated;
};
extern struct totals totals;

/* Ends the program with one line on stderr. */
_Noreturn void disk_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with errno; out of space has a status of its own. */
_Noreturn void disk_fail_errno(const char *what, const char *name);
void *disk_allocate(size_t size);

/* walk.c. `portable`: only what a stream may hold; ids less `shift`. */
void disk_walk(const char *path, const struct sink *sink, int portable, uint32_t shift);

/* place.c: makes entries below a directory that does not exist yet. */
void place_open(const char *path);
void place_enter(const struct entry *entry);
void place_leave(void);
void place_other(const struct entry *entry);
void place_hard_link(const char *name, uint32_t link);
/* Makes a file of that size, all hole; then its bytes, then place_end_file. */
int place_file(const struct entry *entry);
void place_end_file(const struct entry *entry, int file);
void place_copy(const struct entry *entry, int source);
/* Lets the root go; FAILED when a directory is still open. */
void place_close(void);

/* shift.c: of an attribute in a tree whose ids are shifted. */
void shift_to_stream(struct xattr *xattr, uint32_t shift);
void shift_to_disk(struct xattr *xattr, uint32_t shift);

/* stream_out.c and stream_in.c */
void stream_write(const char *path, uint32_t shift);
void stream_read(const char *path, uint32_t shift, uint64_t bytes_max, uint64_t entries_max);

#endif
