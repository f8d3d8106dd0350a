#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

void *host_allocate(size_t size) {
  void *memory = calloc(1, size ? size : 1);
  if (!memory) _exit(70);
  return memory;
}

uint64_t host_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void host_close_from(int first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 65536; fd++) close(fd);
}

static const uint8_t *take(struct host_reader *reader, size_t length) {
  if (reader->bad || reader->left < length) {
    reader->bad = 1;
    reader->left = 0;
    return NULL;
  }
  const uint8_t *at = reader->at;
  reader->at += length;
  reader->left -= length;
  return at;
}

static uint64_t number(struct host_reader *reader, size_t size) {
  const uint8_t *at = take(reader, size);
  uint64_t value = 0;
  if (at)
    for (size_t i = 0; i < size; i++) value |= (uint64_t)at[i] << (8 * i);
  return value;
}

uint8_t host_u8(struct host_reader *reader) { return (uint8_t)number(reader, 1); }
uint32_t host_u32(struct host_reader *reader) { return (uint32_t)number(reader, 4); }
uint64_t host_u64(struct host_reader *reader) { return number(reader, 8); }

struct host_reader host_bytes(struct host_reader *reader) {
  uint32_t length = host_u32(reader);
  const uint8_t *at = take(reader, length);
  return (struct host_reader){at, at ? length : 0, reader->bad};
}

char *host_string(struct host_reader *reader) {
  struct host_reader slice = host_bytes(reader);
  if (slice.left && memchr(slice.at, 0, slice.left)) {
    reader->bad = 1;
    slice.left = 0;
  }
  char *copy = host_allocate(slice.left + 1);
  if (slice.left) memcpy(copy, slice.at, slice.left);
  return copy;
}

char **host_list(struct host_reader *reader) {
  uint32_t count = host_u32(reader);
  if (count > reader->left / 4) {
    reader->bad = 1;
    count = 0;
  }
  char **list = host_allocate((count + 1) * sizeof *list);
  for (uint32_t i = 0; i < count; i++) list[i] = host_string(reader);
  return list;
}

void host_free_list(char **list) {
  for (char **item = list; list && *item; item++) free(*item);
  free(list);
}

int host_finished(const struct host_reader *reader) { return !reader->bad && reader->left == 0; }

void host_append(struct host_buffer *buffer, const void *bytes, size_t length) {
  if (buffer->room - buffer->used < length) {
    size_t room = buffer->room ? buffer->room : 256;
    while (room - buffer->used < length) room *= 2;
    buffer->bytes = realloc(buffer->bytes, room);
    if (!buffer->bytes) _exit(70);
    buffer->room = room;
  }
  if (length) memcpy(buffer->bytes + buffer->used, bytes, length);
  buffer->used += length;
}

void host_append_u8(struct host_buffer *buffer, uint8_t value) { host_append(buffer, &value, 1); }

void host_append_u32(struct host_buffer *buffer, uint32_t value) {
  uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
  host_append(buffer, bytes, 4);
}

void host_append_string(struct host_buffer *buffer, const void *bytes, size_t length) {
  host_append_u32(buffer, (uint32_t)length);
  host_append(buffer, bytes, length);
}

void host_append_frame(struct host_buffer *buffer, uint32_t id, uint8_t type, const void *payload, size_t length) {
  host_append_u32(buffer, (uint32_t)length);
  host_append_u32(buffer, id);
  host_append_u8(buffer, type);
  host_append(buffer, payload, length);
}
