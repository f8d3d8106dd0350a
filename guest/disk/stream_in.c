/* Reads a tree from stdin: hostile, so every length is bounded and whatever is not known is refused. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t buffer[PIECE];
static size_t used, at;
static uint64_t entries_left, entries_limit;

static _Noreturn void refuse(const char *why) { disk_fail(STATUS_REFUSED, "the archive is refused: %s", why); }

static void get(void *bytes, size_t length) {
  uint8_t *to = bytes;
  while (length > 0) {
    if (at == used) {
      ssize_t done = read(0, buffer, sizeof buffer);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) disk_fail_errno("cannot read", "the archive");
      if (done == 0) refuse("it ends before its end mark");
      used = (size_t)done, at = 0;
    }
    size_t piece = length < used - at ? length : used - at;
    memcpy(to, buffer + at, piece);
    at += piece, to += piece, length -= piece;
  }
}

static uint64_t get_number(int bytes) {
  uint8_t spelled[8];
  uint64_t value = 0;
  get(spelled, (size_t)bytes);
  for (int i = 0; i < bytes; i++) value |= (uint64_t)spelled[i] << 8 * i;
  return value;
}

static void get_text(char *text, size_t most) {
  size_t length = get_number(2);
  if (length > most) refuse("a name in it is too long");
  get(text, length);
  text[length] = 0;
  if (strlen(text) != length) refuse("a name in it holds NUL");
}

static void get_name(char *name) {
  get_text(name, NAME_LENGTH_MAX);
  if (!name[0] || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    refuse("a name in it leads out of its directory");
}

static int may_set(const struct xattr *xattr) {
  if (strcmp(xattr->name, "trusted.overlay.opaque") == 0) return xattr->length == 1 && *xattr->value == 'y';
  /* What an overlay of a user namespace would obey. */
  if (strncmp(xattr->name, "user.overlay.", 13) == 0) return strcmp(xattr->name, "user.overlay.opaque") == 0;
  return strncmp(xattr->name, "user.", 5) == 0 || strcmp(xattr->name, "security.capability") == 0 ||
         strcmp(xattr->name, "system.posix_acl_access") == 0 || strcmp(xattr->name, "system.posix_acl_default") == 0;
}

static uint32_t get_id(uint32_t shift) {
  uint64_t id = get_number(4) + shift;
  if (id >= UINT32_MAX) refuse("an owner in it is out of range");
  return (uint32_t)id;
}

static void get_head(struct entry *entry, int is_root, uint32_t type, uint32_t shift) {
  memset(entry, 0, offsetof(struct entry, xattrs));
  if (is_root) {
    get_text(entry->name, 0);
  } else {
    get_name(entry->name);
  }
  uint64_t mode = get_number(4);
  if (mode > 07777) refuse("a mode in it is out of range");
  entry->mode = type | (uint32_t)mode;
  entry->uid = get_id(shift), entry->gid = get_id(shift);
  entry->mtime = (int64_t)get_number(8);
  entry->mtime_ns = (uint32_t)get_number(4);
  if (entry->mtime_ns > 999999999) refuse("a time in it is out of range");
  entry->link = (uint32_t)get_number(4);
  if (entry->link > LINKS_MAX) refuse("a link in it is out of range");
  uint32_t count = (uint32_t)get_number(2);
  if (count > XATTRS_MAX) refuse("an entry in it has too many attributes");
  for (uint32_t i = 0; i < count; i++) {
    struct xattr *xattr = &entry->xattrs[i];
    get_text(xattr->name, XATTR_NAME_MAX);
    xattr->length = (uint32_t)get_number(4);
    if (xattr->length > XATTR_BYTES_MAX) refuse("an attribute in it is too large");
    xattr->value = disk_allocate(xattr->length + 1);
    entry->xattr_count = i + 1;
    get(xattr->value, xattr->length);
    if (!may_set(xattr)) refuse("it holds an attribute that is not for boxes");
    shift_to_disk(xattr, shift);
  }
}

static void one_more(void) {
  if (entries_left-- == 0) disk_fail(STATUS_REFUSED, "the archive is refused: it holds more than %llu entries", (unsigned long long)entries_limit);
}

static void get_file(struct entry *entry, uint64_t *bytes_left) {
  static uint8_t piece[PIECE];
  entry->size = get_number(8);
  if (entry->size > *bytes_left) refuse("its files are larger than its limit, or than it said");
  *bytes_left -= entry->size;
  int file = place_file(entry);
  uint64_t end = 0;
  for (;;) {
    uint64_t length = get_number(4);
    if (length == 0) break;
    uint64_t offset = get_number(8);
    if (length > PIECE || offset < end || offset > entry->size || length > entry->size - offset)
      refuse("a piece of a file lies outside of it");
    get(piece, length);
    for (uint64_t done = 0; done < length;) {
      ssize_t written = pwrite(file, piece + done, length - done, (off_t)(offset + done));
      if (written < 0) disk_fail_errno("cannot write", entry->name);
      done += (uint64_t)written;
    }
    end = offset + length;
  }
  place_end_file(entry, file);
}

static const uint32_t types[] = {['D'] = S_IFDIR, ['F'] = S_IFREG, ['L'] = S_IFLNK, ['P'] = S_IFIFO, ['S'] = S_IFSOCK, ['W'] = S_IFCHR};

void stream_read(const char *path, uint32_t shift, uint64_t bytes_max, uint64_t entries_max) {
  static struct entry entry;
  uint64_t bytes_left = bytes_max;
  int depth = 0, begun = 0;
  char name[NAME_LENGTH_MAX + 1];
  entries_left = entries_limit = entries_max;
  place_open(path);
  for (;;) {
    uint8_t kind = (uint8_t)get_number(1);
    if (kind == 'E') break;
    if (begun && depth == 0) refuse("an entry lies outside of its root");
    if (kind == 'U') {
      place_leave();
      depth--;
      continue;
    }
    one_more();
    if (!begun && kind != 'D') refuse("it does not begin with a directory");
    if (kind == 'H') {
      get_name(name);
      place_hard_link(name, (uint32_t)get_number(4));
      continue;
    }
    if (kind >= sizeof types / sizeof *types || !types[kind]) refuse("it holds a device, or what is not known here");
    get_head(&entry, !begun, types[kind], shift);
    if (kind == 'D') {
      place_enter(&entry);
      depth++, begun = 1;
    } else if (kind == 'F') {
      get_file(&entry, &bytes_left);
    } else {
      if (kind == 'L') get_text(entry.target, TARGET_MAX);
      place_other(&entry);
    }
    for (uint32_t i = 0; i < entry.xattr_count; i++) free(entry.xattrs[i].value);
  }
  place_close();
  if (get_number(8) != totals.entries || get_number(8) != totals.bytes) refuse("it holds more or less than it says");
  uint8_t more;
  if (at != used || read(0, &more, 1) > 0) refuse("bytes follow its end mark");
}
