/* Writes a tree to stdout; docs/reference/box-archive.md has the format. */
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static uint8_t buffer[PIECE];
static size_t used;

static void flush(void) {
  for (size_t at = 0; at < used;) {
    ssize_t done = write(1, buffer + at, used - at);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) disk_fail_errno("cannot write", "the archive");
    at += (size_t)done;
  }
  used = 0;
}

static void put(const void *bytes, size_t length) {
  const uint8_t *from = bytes;
  while (length > 0) {
    if (used == sizeof buffer) flush();
    size_t piece = length < sizeof buffer - used ? length : sizeof buffer - used;
    memcpy(buffer + used, from, piece);
    used += piece, from += piece, length -= piece;
  }
}

static void put_number(uint64_t value, int bytes) {
  uint8_t spelled[8];
  for (int i = 0; i < bytes; i++) spelled[i] = (uint8_t)(value >> 8 * i);
  put(spelled, (size_t)bytes);
}

static void put_text(const char *text) {
  put_number(strlen(text), 2);
  put(text, strlen(text));
}

static void put_head(char kind, const struct entry *entry) {
  totals.entries++;
  put(&kind, 1);
  put_text(entry->name);
  put_number(entry->mode & 07777, 4);
  put_number(entry->uid, 4), put_number(entry->gid, 4);
  put_number((uint64_t)entry->mtime, 8), put_number(entry->mtime_ns, 4);
  put_number(entry->link, 4);
  put_number(entry->xattr_count, 2);
  for (uint32_t i = 0; i < entry->xattr_count; i++) {
    put_text(entry->xattrs[i].name);
    put_number(entry->xattrs[i].length, 4);
    put(entry->xattrs[i].value, entry->xattrs[i].length);
  }
}

static void enter(const struct entry *entry) { put_head('D', entry); }
static void leave(void) { put("U", 1); }

static void other(const struct entry *entry) {
  if (S_ISLNK(entry->mode)) {
    put_head('L', entry);
    put_text(entry->target);
  } else if (S_ISFIFO(entry->mode)) put_head('P', entry);
  else if (S_ISSOCK(entry->mode)) put_head('S', entry);
  else put_head('W', entry);
}

static void hard_link(const char *name, uint32_t link) {
  totals.entries++;
  put("H", 1);
  put_text(name);
  put_number(link, 4);
}

/* A piece: u32 length, u64 offset, the bytes; length 0 ends the file. */
static void file(const struct entry *entry, int source) {
  static uint8_t piece[PIECE];
  off_t size = (off_t)entry->size;
  put_head('F', entry);
  put_number(entry->size, 8);
  totals.bytes += entry->size;
  for (off_t at = 0, end; at < size; at = end) {
    at = lseek(source, at, SEEK_DATA);
    if (at < 0 && errno == ENXIO) break;
    end = at < 0 ? -1 : lseek(source, at, SEEK_HOLE);
    if (end < 0) disk_fail_errno("cannot read", entry->name);
    if (end > size) end = size;
    while (at < end) {
      ssize_t length = pread(source, piece, end - at < PIECE ? (size_t)(end - at) : PIECE, at);
      if (length < 0) disk_fail_errno("cannot read", entry->name);
      if (length == 0) break; /* cut short meanwhile: the rest is a hole */
      put_number((uint64_t)length, 4), put_number((uint64_t)at, 8);
      put(piece, (size_t)length);
      at += length;
    }
  }
  put_number(0, 4);
}

void stream_write(const char *path, uint32_t shift) {
  static const struct sink sink = {enter, leave, file, other, hard_link};
  disk_walk(path, &sink, 1, shift);
  put("E", 1);
  put_number(totals.entries, 8), put_number(totals.bytes, 8);
  flush();
}
