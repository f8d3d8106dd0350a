#include "feed.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../address.h"
#include "../message.h"
#include "../request.h"
#include "../response.h"

struct taken taken;

static void hold(bool condition) {
  if (!condition) abort();
}

/* A copy of exactly that size, so that a byte too far is seen. */
static uint8_t *exact(const uint8_t *bytes, size_t length) {
  uint8_t *copy = malloc(length ? length : 1);
  memcpy(copy, bytes, length);
  return copy;
}

static void feed_messages(const uint8_t *bytes, size_t length) {
  static const uint8_t query[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";
  struct question question, again;
  struct answers answers, read;
  uint8_t out[MESSAGE_HEAD + 260 + 16 * ANSWERS_MAX], sent[QUERY_MAX];
  if (message_question(bytes, length, &question)) {
    taken.questions++;
    answers = (struct answers){.count = ANSWERS_MAX, .ttl = 1};
    size_t size = message_write(&question, &answers, out, question.room > sizeof out ? sizeof out : question.room);
    hold(size <= sizeof out);
    if (question.type == TYPE_A) hold(message_answers(out, size, &question, question.id, &read));
    size = message_query(&question, 1, sent);
    hold(size <= sizeof sent && message_question(sent, size, &again));
    hold(strcmp(again.name, question.name) == 0 && again.type == question.type);
  }
  message_question(query, sizeof query - 1, &again);
  if (!message_answers(bytes, length, &again, 0x1234, &answers)) return;
  taken.answers++;
  hold(answers.count <= ANSWERS_MAX && answers.ttl <= 3600);
  size_t size = message_write(&again, &answers, out, sizeof out);
  hold(message_answers(out, size, &again, 0x1234, &read) && read.count == answers.count && read.rcode == answers.rcode);
  for (size_t i = 0; i < read.count; i++) hold(address_equal(&read.list[i], &answers.list[i]));
}

/* As the server reads it: one option of the connection, which ends it, and no other protocol. */
static void check_closed(const uint8_t *head, size_t length) {
  int options = 0;
  for (size_t at = 0; at < length;) {
    const char *line = (const char *)head + at, *stop = memchr(line, '\n', length - at);
    hold(stop != NULL && stop > line && stop[-1] == '\r');
    size_t size = (size_t)(stop - line) - 1;
    at += size + 2;
    if (size == 0) break;
    if (size >= 11 && strncasecmp(line, "connection:", 11) == 0) {
      options++;
      hold(strncmp(line, "Connection: close", 17) == 0);
    }
    if (size >= 8 && strncasecmp(line, "upgrade:", 8) == 0) hold(memchr(line, '2', size) == NULL);
  }
  hold(options == 1);
}

static void check_request(const uint8_t *bytes, size_t length, const char *name) {
  static uint8_t closed[REQUEST_MAX], twice[REQUEST_MAX];
  char same[NAME_MAX_BYTES + 1];
  const char *why;
  if (length > HEAD_MAX) length = HEAD_MAX;
  size_t size = request_close(bytes, length, closed);
  hold(size <= sizeof closed);
  check_closed(closed, size);
  if (size > HEAD_MAX) return;
  uint8_t *copy = exact(closed, size);
  hold(head_read(copy, size, same, &why) == HEAD_HTTP && strcmp(name, same) == 0);
  hold(request_close(copy, size, twice) == size && memcmp(closed, twice, size) == 0);
  free(copy);
}

/* The same hello, a byte in a record. */
static void check_hello(const uint8_t *bytes, size_t length, const char *name) {
  static uint8_t cut[6 * HEAD_MAX];
  char same[NAME_MAX_BYTES + 1];
  const char *why;
  size_t used = 0;
  for (size_t at = 0; at + 5 <= length;) {
    size_t size = (size_t)bytes[at + 3] << 8 | bytes[at + 4];
    for (at += 5; size > 0 && at < length && used + 6 <= HEAD_MAX; size--, at++, used += 6)
      memcpy(cut + used, (uint8_t[]){22, 3, 3, 0, 1, bytes[at]}, 6);
  }
  enum head head = head_read(cut, used, same, &why);
  if (used + 6 <= HEAD_MAX) hold(head == HEAD_TLS && strcmp(name, same) == 0);
}

static void feed_head(const uint8_t *bytes, size_t length) {
  char name[NAME_MAX_BYTES + 1], early[NAME_MAX_BYTES + 1], normal[NAME_MAX_BYTES + 1];
  const char *why, *first;
  enum head head = head_read(bytes, length, name, &why);
  hold((why != NULL) == (head == HEAD_NAMELESS));
  /* However it is cut, it is judged the same. */
  for (size_t part = 1; part < length; part += 1 + part / 4) {
    uint8_t *copy = exact(bytes, part);
    enum head so_far = head_read(copy, part, early, &first);
    free(copy);
    if (so_far == HEAD_MORE) continue;
    hold(so_far == head && first == why);
    if (head == HEAD_TLS || head == HEAD_HTTP) hold(strcmp(name, early) == 0);
  }
  if (head != HEAD_TLS && head != HEAD_HTTP) return;
  taken.names++;
  hold(name_normal(name, strlen(name), normal) && strcmp(name, normal) == 0);
  if (head == HEAD_HTTP) check_request(bytes, length, name);
  else check_hello(bytes, length, name);
}

/* However it is cut, the field comes at the same place, behind the status line of the answer. */
static void feed_response(const uint8_t *bytes, size_t length) {
  struct response whole = {.phase = RESPONSE_STATUS}, piecewise = whole;
  ssize_t at = response_follow(&whole, bytes, length), other = -1;
  for (size_t i = 0; i < length; i++) {
    if (response_follow(&piecewise, bytes + i, 1) < 0) continue;
    hold(other < 0);
    other = (ssize_t)i + 1;
  }
  hold(at == other && whole.phase == piecewise.phase);
  if (at < 0) return;
  taken.responses++;
  const uint8_t *line = bytes + at - 1;
  while (line > bytes && line[-1] != '\n') line--;
  hold(bytes[at - 1] == '\n' && at >= 13 && memcmp(line, "HTTP/1.", 7) == 0 && line[9] != '1');
}

static void feed_rules(const uint8_t *bytes, size_t length) {
  char text[400];
  struct rules rules = {0};
  struct address address = {{0}};
  size_t size = length < sizeof text - 1 ? length : sizeof text - 1;
  memcpy(text, bytes, size);
  text[size] = 0;
  if (rules_add(&rules, text)) {
    taken.rules++;
    memcpy(address.bytes, bytes, length < 16 ? length : 16);
    rules_allow_address(&rules, &address, 80, length % 2);
    rules_allow_name(&rules, "www.example.com", 443);
    free(rules.list[0].name);
  }
  free(rules.list);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  feed_messages(bytes, length);
  feed_head(bytes, length);
  feed_response(bytes, length);
  feed_rules(bytes, length);
  return 0;
}
