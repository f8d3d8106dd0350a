#include "request.h"

#include <string.h>
#include <strings.h>

enum { METHOD_MAX = 24 };

struct line {
  const char *at;
  size_t length;
};

/* Without its LF or CRLF; false when the end is not there yet. */
static bool next_line(const char **at, const char *end, struct line *line) {
  const char *stop = memchr(*at, '\n', (size_t)(end - *at));
  if (!stop) return false;
  *line = (struct line){*at, (size_t)(stop - *at)};
  if (line->length > 0 && line->at[line->length - 1] == '\r') line->length--;
  *at = stop + 1;
  return true;
}

static bool starts(const char *bytes, size_t length, const char *with) {
  size_t size = strlen(with);
  return length >= size && strncasecmp(bytes, with, size) == 0;
}

int request_like(const uint8_t *bytes, size_t length) {
  const char *text = (const char *)bytes;
  size_t at = 0;
  while (at < length && at < METHOD_MAX && ((text[at] >= 'A' && text[at] <= 'Z') || text[at] == '_' || text[at] == '-'))
    at++;
  if (at == length) return at < METHOD_MAX ? 0 : -1;
  if (at == 0 || text[at] != ' ') return -1;
  if (at == 7 && memcmp(text, "CONNECT", 7) == 0) return 1;
  text += at + 1;
  length -= at + 1;
  if (length == 0) return 0;
  if (*text == '/' || *text == '*' || starts(text, length, "http")) return 1;
  return length < 4 && strncasecmp(text, "http", length) == 0 ? 0 : -1;
}

static bool token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Null when it is `METHOD /path HTTP/1.x`, else what is wrong. A target with an authority of its own may name another host
   than Host does. */
static const char *check_request_line(struct line line) {
  const char *end = line.at + line.length, *target = memchr(line.at, ' ', line.length);
  const char *version = target ? memchr(target + 1, ' ', (size_t)(end - target - 1)) : NULL;
  if (!version) return "its HTTP request line is malformed, or older than HTTP/1.0";
  target++;
  for (const char *c = target; c < version; c++)
    if ((uint8_t)*c < 0x21 || *c == 0x7f) return "its HTTP request line is malformed, or older than HTTP/1.0";
  version++;
  if (end - version == 8 && memcmp(version, "HTTP/2", 6) == 0) return "it is HTTP/2 without TLS";
  if (end - version != 8 || memcmp(version, "HTTP/1.", 7) != 0 || (version[7] != '0' && version[7] != '1'))
    return "its HTTP request line is malformed, or older than HTTP/1.0";
  if (*target == '/' || (*target == '*' && version - target == 2)) return NULL;
  return "its HTTP request is one for a proxy";
}

static size_t field_name(struct line line) {
  size_t size = 0;
  while (size < line.length && token_char(line.at[size])) size++;
  return size < line.length && line.at[size] == ':' ? size : 0;
}

static bool is_field(struct line line, const char *name) {
  size_t size = strlen(name);
  return field_name(line) == size && strncasecmp(line.at, name, size) == 0;
}

static struct line field_value(struct line line) {
  size_t skip = field_name(line) + 1;
  struct line value = {line.at + skip, line.length - skip};
  while (value.length > 0 && (*value.at == ' ' || *value.at == '\t')) value.at++, value.length--;
  while (value.length > 0 && (value.at[value.length - 1] == ' ' || value.at[value.length - 1] == '\t')) value.length--;
  return value;
}

static bool host_name(struct line host, char *name) {
  const char *colon = memchr(host.at, ':', host.length);
  size_t length = colon ? (size_t)(colon - host.at) : host.length;
  for (size_t i = length + 1; i < host.length; i++)
    if (host.at[i] < '0' || host.at[i] > '9') return false;
  return name_normal(host.at, length, name);
}

enum head request_read(const uint8_t *bytes, size_t length, char name[NAME_MAX_BYTES + 1], const char **why) {
  const char *at = (const char *)bytes, *end = at + length;
  struct line line;
  int hosts = 0;
  bool named = false;
  *why = NULL;
  for (int number = 0; next_line(&at, end, &line); number++) {
    if (number > 0 && line.length == 0) {
      if (hosts != 1) *why = hosts ? "its HTTP request has more than one Host" : "its HTTP request has no Host";
      else if (!named) *why = "the Host of its HTTP request is no name";
      return *why ? HEAD_NAMELESS : HEAD_HTTP;
    }
    if (number == 0) {
      *why = check_request_line(line);
    } else if (field_name(line) == 0 || memchr(line.at, '\r', line.length) || memchr(line.at, 0, line.length)) {
      /* Folded and indented lines, and a space before the colon, are read in different ways by different servers. */
      *why = "a line in its HTTP head is malformed";
    } else if (is_field(line, "host")) {
      hosts++;
      named = host_name(field_value(line), name);
    }
    if (*why) return HEAD_NAMELESS;
  }
  if (length < HEAD_MAX) return HEAD_MORE;
  *why = "its HTTP head is longer than 16 KiB";
  return HEAD_NAMELESS;
}

struct writer {
  uint8_t *out;
  size_t used;
};

static void write_line(struct writer *writer, const char *text, size_t length) {
  memcpy(writer->out + writer->used, text, length);
  memcpy(writer->out + writer->used + length, "\r\n", 2);
  writer->used += length + 2;
}

static bool is_websocket(struct line line) {
  struct line value = field_value(line);
  return is_field(line, "upgrade") && value.length == 9 && strncasecmp(value.at, "websocket", 9) == 0;
}

/* RFC 9110, 7.6.1: what is for this connection only, which another may follow. */
static bool is_hop_by_hop(struct line line) {
  static const char *const names[] = {"connection", "keep-alive",     "proxy-connection",
                                      "upgrade",    "http2-settings", "te"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (is_field(line, names[i])) return true;
  return false;
}

size_t request_close(const uint8_t *bytes, size_t length, uint8_t out[REQUEST_MAX]) {
  const char *at = (const char *)bytes, *end = at + length, *close = "Connection: close";
  struct writer writer = {out, 0};
  struct line line;
  for (int number = 0; next_line(&at, end, &line) && (number == 0 || line.length > 0); number++) {
    if (is_websocket(line)) close = "Connection: close, Upgrade";
    else if (number > 0 && is_hop_by_hop(line)) continue;
    write_line(&writer, line.at, line.length);
  }
  write_line(&writer, close, strlen(close));
  write_line(&writer, "", 0);
  memcpy(out + writer.used, at, (size_t)(end - at));
  return writer.used + (size_t)(end - at);
}
