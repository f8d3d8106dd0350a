#include "head.h"

#include <string.h>

#include "request.h"

/* A part of the message; after the first read that does not fit, `bad`. */
struct part {
  const uint8_t *at;
  size_t left;
  bool bad;
};

static size_t number(struct part *part, unsigned bytes) {
  size_t value = 0;
  if (part->bad || part->left < bytes) {
    part->bad = true;
    return 0;
  }
  while (bytes-- > 0) {
    value = value << 8 | *part->at++;
    part->left--;
  }
  return value;
}

static struct part cut(struct part *part, size_t length) {
  struct part piece = {part->at, length, false};
  if (part->bad || part->left < length) {
    part->bad = true;
    return (struct part){part->at, 0, true};
  }
  part->at += length;
  part->left -= length;
  return piece;
}

static bool read_server_name(struct part extension, char *name) {
  size_t length = number(&extension, 2);
  struct part list = cut(&extension, length);
  size_t type = number(&list, 1);
  length = number(&list, 2);
  struct part host = cut(&list, length);
  if (list.bad || extension.bad || type != 0 || list.left != 0 || extension.left != 0) return false;
  return name_normal((const char *)host.at, host.left, name);
}

static const char malformed[] = "its TLS ClientHello is malformed", unnamed[] = "its TLS ClientHello names no server (no SNI)";

/* A whole ClientHello, its four bytes of head included. */
static enum head read_hello(struct part hello, char *name, const char **why) {
  bool named = false;
  int names = 0;
  cut(&hello, 4 + 2 + 32);
  cut(&hello, number(&hello, 1));
  cut(&hello, number(&hello, 2));
  cut(&hello, number(&hello, 1));
  bool bare = !hello.bad && hello.left == 0; /* SSL 3 has no extensions */
  struct part extensions = cut(&hello, number(&hello, 2));
  while (!extensions.bad && extensions.left > 0) {
    size_t type = number(&extensions, 2), length = number(&extensions, 2);
    struct part extension = cut(&extensions, length);
    if (type != 0 || extension.bad) continue;
    names++;
    named = read_server_name(extension, name);
  }
  if (bare || (!hello.bad && !extensions.bad && names == 0)) *why = unnamed;
  else if (hello.bad || extensions.bad || names > 1 || !named) *why = malformed;
  return *why ? HEAD_NAMELESS : HEAD_TLS;
}

static enum head nameless(const char **why, const char *text) {
  *why = text;
  return HEAD_NAMELESS;
}

/* The hello may be cut into any number of records: they are joined first. */
static enum head read_tls(const uint8_t *bytes, size_t length, char *name, const char **why) {
  static uint8_t joined[HEAD_MAX];
  static const char large[] = "its TLS ClientHello is longer than 16 KiB";
  size_t used = 0, at = 0;
  while (at + 5 <= length) {
    size_t size = (size_t)bytes[at + 3] << 8 | bytes[at + 4];
    if (bytes[at] != 22 || bytes[at + 1] != 3 || size == 0) return nameless(why, malformed);
    size_t have = length - at - 5 < size ? length - at - 5 : size;
    memcpy(joined + used, bytes + at + 5, have);
    used += have;
    at += 5 + size;
    if (used > 0 && joined[0] != 1) return nameless(why, malformed);
    if (used < 4) continue;
    size_t whole = 4 + ((size_t)joined[1] << 16 | (size_t)joined[2] << 8 | joined[3]);
    if (whole > HEAD_MAX) return nameless(why, large);
    if (used >= whole) return read_hello((struct part){joined, whole, false}, name, why);
  }
  return length >= HEAD_MAX ? nameless(why, large) : HEAD_MORE;
}

enum head head_read(const uint8_t *bytes, size_t length, char name[NAME_MAX_BYTES + 1], const char **why) {
  *why = NULL;
  if (length == 0) return HEAD_MORE;
  if (length > HEAD_MAX) length = HEAD_MAX;
  if (bytes[0] == 22) {
    if (length < 2) return HEAD_MORE;
    return bytes[1] == 3 ? read_tls(bytes, length, name, why) : HEAD_OTHER;
  }
  int http = request_like(bytes, length);
  return http < 0 ? HEAD_OTHER : http == 0 ? HEAD_MORE : request_read(bytes, length, name, why);
}
