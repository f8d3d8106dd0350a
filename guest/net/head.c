#include "head.h"

#include <string.h>
#include <strings.h>

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

static enum head read_server_name(struct part extension, char *name) {
  size_t length = number(&extension, 2);
  struct part list = cut(&extension, length);
  size_t type = number(&list, 1);
  length = number(&list, 2);
  struct part host = cut(&list, length);
  if (list.bad || extension.bad || type != 0 || list.left != 0 || extension.left != 0) return HEAD_NAMELESS;
  return name_normal((const char *)host.at, host.left, name) ? HEAD_TLS : HEAD_NAMELESS;
}

/* A whole ClientHello, its four bytes of head included. */
static enum head read_hello(struct part hello, char *name) {
  enum head found = HEAD_NAMELESS;
  int names = 0;
  cut(&hello, 4 + 2 + 32);
  cut(&hello, number(&hello, 1));
  cut(&hello, number(&hello, 2));
  cut(&hello, number(&hello, 1));
  struct part extensions = cut(&hello, number(&hello, 2));
  while (!extensions.bad && extensions.left > 0) {
    size_t type = number(&extensions, 2), length = number(&extensions, 2);
    struct part extension = cut(&extensions, length);
    if (type != 0 || extension.bad) continue;
    names++;
    found = read_server_name(extension, name);
  }
  return hello.bad || extensions.bad || names != 1 ? HEAD_NAMELESS : found;
}

/* The hello may be cut into any number of records: they are joined first. */
static enum head read_tls(const uint8_t *bytes, size_t length, char *name) {
  static uint8_t joined[HEAD_MAX];
  size_t used = 0, at = 0;
  while (at + 5 <= length) {
    size_t size = (size_t)bytes[at + 3] << 8 | bytes[at + 4];
    if (bytes[at] != 22 || bytes[at + 1] != 3 || size == 0) return HEAD_NAMELESS;
    size_t have = length - at - 5 < size ? length - at - 5 : size;
    memcpy(joined + used, bytes + at + 5, have);
    used += have;
    at += 5 + size;
    if (used > 0 && joined[0] != 1) return HEAD_NAMELESS;
    if (used < 4) continue;
    size_t whole = 4 + ((size_t)joined[1] << 16 | (size_t)joined[2] << 8 | joined[3]);
    if (whole > HEAD_MAX) return HEAD_NAMELESS;
    if (used >= whole) return read_hello((struct part){joined, whole, false}, name);
  }
  return length >= HEAD_MAX ? HEAD_NAMELESS : HEAD_MORE;
}

static const char *const methods[] = {"GET ",     "POST ",  "HEAD ",  "PUT ",     "DELETE ",   "OPTIONS ",
                                      "CONNECT ", "TRACE ", "PATCH ", "PRI * HT", "PROPFIND "};

/* 1: starts like HTTP, 0: may still, -1: does not. */
static int like_http(const uint8_t *bytes, size_t length) {
  int outcome = -1;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    size_t size = strlen(methods[i]), seen = length < size ? length : size;
    if (memcmp(bytes, methods[i], seen) != 0) continue;
    if (seen == size) return 1;
    outcome = 0;
  }
  return outcome;
}

static enum head host_name(const char *text, size_t length, char *name) {
  while (length > 0 && (*text == ' ' || *text == '\t')) text++, length--;
  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
  const char *colon = memchr(text, ':', length);
  for (size_t i = colon ? (size_t)(colon - text) + 1 : length; i < length; i++)
    if (text[i] < '0' || text[i] > '9') return HEAD_NAMELESS;
  return name_normal(text, colon ? (size_t)(colon - text) : length, name) ? HEAD_HTTP : HEAD_NAMELESS;
}

/* The target must be a path: one with an authority of its own may name another host than Host does. */
static bool plain_target(const char *line, size_t length) {
  const char *space = memchr(line, ' ', length);
  size_t left = space ? length - (size_t)(space - line) : 0;
  return left > 1 && (space[1] == '/' || (space[1] == '*' && left > 2 && space[2] == ' '));
}

static enum head read_http(const uint8_t *bytes, size_t length, char *name) {
  const char *at = (const char *)bytes, *end = at + length;
  enum head found = HEAD_NAMELESS;
  int hosts = 0;
  for (int line = 0; at < end; line++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) break;
    size_t size = (size_t)(stop - at);
    if (size > 0 && at[size - 1] == '\r') size--;
    if (memchr(at, '\r', size) || memchr(at, 0, size)) return HEAD_NAMELESS;
    if (size == 0) return hosts == 1 ? found : HEAD_NAMELESS;
    if (line == 0 && !plain_target(at, size)) return HEAD_NAMELESS;
    /* A folded or indented line may be read as another header by the server. */
    if (line > 0 && (*at == ' ' || *at == '\t')) return HEAD_NAMELESS;
    if (line > 0 && size >= 4 && strncasecmp(at, "host", 4) == 0 && (size == 4 || at[4] == ' ' || at[4] == '\t'))
      return HEAD_NAMELESS;
    if (line > 0 && size > 5 && strncasecmp(at, "host:", 5) == 0) {
      hosts++;
      found = host_name(at + 5, size - 5, name);
    }
    at = stop + 1;
  }
  return length >= HEAD_MAX ? HEAD_NAMELESS : HEAD_MORE;
}

enum head head_read(const uint8_t *bytes, size_t length, char name[NAME_MAX_BYTES + 1]) {
  if (length == 0) return HEAD_MORE;
  if (length > HEAD_MAX) length = HEAD_MAX;
  if (bytes[0] == 22) {
    if (length < 2) return HEAD_MORE;
    return bytes[1] == 3 ? read_tls(bytes, length, name) : HEAD_OTHER;
  }
  int http = like_http(bytes, length);
  return http < 0 ? HEAD_OTHER : http == 0 ? HEAD_MORE : read_http(bytes, length, name);
}
