#include "response.h"

#include <string.h>

/* Not every server says it, though it was asked to close, and then a client uses a connection that has ended. */
const char response_field[] = "Connection: close\r\n";

static const char pattern[] = "HTTP/1.x ddd";
enum { PATTERN = sizeof pattern - 1 };

static void follow_status(struct response *response, uint8_t byte) {
  uint8_t column = response->column;
  char wanted = column < PATTERN ? pattern[column] : 0;
  bool digit = byte >= '0' && byte <= '9';
  if (column == PATTERN) return;
  if (wanted == 'd' || wanted == 'x' ? !digit : byte != (uint8_t)wanted) {
    response->phase = RESPONSE_UNTOUCHED;
    return;
  }
  if (wanted == 'd') response->status = (uint16_t)(response->status * 10 + (byte - '0'));
  response->column++;
}

/* After the status line: whether the field belongs here. Another answer follows 1xx, and another protocol 101. */
static bool end_status(struct response *response) {
  bool whole = response->column == PATTERN, interim = response->status / 100 == 1 && response->status != 101;
  bool final = whole && response->status >= 200;
  *response = (struct response){.phase = whole && interim ? RESPONSE_INTERIM : RESPONSE_UNTOUCHED};
  return final;
}

/* `column` says whether the line has anything in it. */
static void follow_interim(struct response *response, uint8_t byte) {
  if (byte != '\n') {
    if (byte != '\r') response->column = 1;
    return;
  }
  if (response->column == 0) response->phase = RESPONSE_STATUS;
  response->column = 0;
}

ssize_t response_follow(struct response *response, const uint8_t *bytes, size_t length) {
  for (size_t at = 0; at < length && response->phase != RESPONSE_UNTOUCHED; at++) {
    if (response->phase == RESPONSE_INTERIM) follow_interim(response, bytes[at]);
    else if (bytes[at] != '\n') follow_status(response, bytes[at]);
    else if (end_status(response)) return (ssize_t)at + 1;
  }
  return -1;
}
