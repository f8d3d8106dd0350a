/* Feeds random and mutated bytes to the parsers of the network role; built with sanitizers by parsers.test.ts.
   `fuzz SEED ROUNDS`: prints how many inputs each parser took for good. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../address.h"
#include "../head.h"
#include "../message.h"

static uint64_t state;

static uint32_t random32(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 16);
}

static const uint8_t query[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\1\7example\3com\0\0\1\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0";
static const uint8_t answer[] =
    "\x12\x34\x81\x80\0\1\0\2\0\0\0\0\7example\3com\0\0\1\0\1\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\3www\xc0\x0c"
    "\xc0\x29\0\1\0\1\0\0\0\x3c\0\4\x5d\xb8\xd8\x22";
static const uint8_t hello[] =
    "\x16\3\1\0\x4d\1\0\0\x49\3\3"
    "01234567890123456789012345678901"
    "\0\0\2\x13\1\1\0\0\x1e\0\0\0\x10\0\x0e\0\0\x0b"
    "example.com\0\x0b\0\2\1\0\0\x17\0\0";
static const uint8_t http[] = "GET /a HTTP/1.1\r\nUser-Agent: x\r\nHost: example.com:80\r\nAccept: */*\r\n\r\n";
static const uint8_t rule[] = "*.example.com:443\0[2001:db8::]/32:80\0" "10.0.0.0/8:22";

static const struct {
  const uint8_t *bytes;
  size_t length;
} seeds[] = {{query, sizeof query - 1}, {answer, sizeof answer - 1}, {hello, sizeof hello - 1},
             {http, sizeof http - 1},   {rule, sizeof rule - 1}};
enum { SEEDS = 5 };

/* The input in memory of exactly its size, so that a byte too far is seen. */
static uint8_t *mutated(size_t *length) {
  static uint8_t room[40000];
  size_t used;
  if (random32() % 8 == 0) {
    used = random32() % 600;
    for (size_t i = 0; i < used; i++) room[i] = (uint8_t)random32();
  } else {
    size_t seed = random32() % SEEDS;
    used = seeds[seed].length;
    memcpy(room, seeds[seed].bytes, used);
    for (uint32_t changes = random32() % 6; changes > 0 && used > 0; changes--) {
      size_t at = random32() % used, size;
      switch (random32() % 5) {
        case 0: room[at] = (uint8_t)random32(); break;
        case 1: room[at] ^= (uint8_t)(1 << random32() % 8); break;
        case 2: used = at; break;
        case 3: room[at] = random32() % 2 ? 0xff : 0xc0; break;
        default:
          size = random32() % (used - at) + 1;
          for (uint32_t copies = random32() % 400; copies > 0 && used + size < sizeof room; copies--, used += size)
            memcpy(room + used, room + at, size);
      }
    }
  }
  uint8_t *bytes = malloc(used ? used : 1);
  memcpy(bytes, room, used);
  *length = used;
  return bytes;
}

static unsigned questions, answered, named, rules_taken;

static void check_name(const char *name) {
  char again[NAME_MAX_BYTES + 1];
  if (!name_normal(name, strlen(name), again) || strcmp(name, again) != 0) abort();
}

static void feed(const uint8_t *bytes, size_t length) {
  struct question question, expected;
  struct answers answers;
  uint8_t out[MESSAGE_HEAD + 260 + 16 * ANSWERS_MAX], sent[QUERY_MAX];
  char name[NAME_MAX_BYTES + 1], text[400];
  if (message_question(bytes, length, &question)) {
    questions++;
    answers = (struct answers){.count = ANSWERS_MAX};
    if (message_write(&question, &answers, out, question.room > sizeof out ? sizeof out : question.room) > sizeof out)
      abort();
    if (message_query(&question, 1, sent) > sizeof sent || !message_question(sent, QUERY_MAX, &expected)) abort();
  }
  message_question(query, sizeof query - 1, &expected);
  if (message_answers(bytes, length, &expected, 0x1234, &answers)) {
    answered++;
    if (answers.count > ANSWERS_MAX) abort();
  }
  enum head head = head_read(bytes, length, name);
  if (head == HEAD_TLS || head == HEAD_HTTP) {
    named++;
    check_name(name);
  }
  struct rules rules = {0};
  size_t size = length < sizeof text - 1 ? length : sizeof text - 1;
  memcpy(text, bytes, size);
  text[size] = 0;
  if (rules_add(&rules, text)) {
    struct address address = {{0}};
    rules_taken++;
    memcpy(address.bytes, bytes, length < 16 ? length : 16);
    rules_allow_address(&rules, &address, 80, random32() % 2);
    rules_allow_name(&rules, "www.example.com", 443);
    free(rules.list[0].name);
  }
  free(rules.list);
}

int main(int argc, char **argv) {
  state = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : 1;
  unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
  for (size_t i = 0; i < SEEDS; i++) feed(seeds[i].bytes, seeds[i].length);
  printf("%u %u %u %u\n", questions, answered, named, rules_taken);
  for (unsigned long i = 0; i < rounds; i++) {
    size_t length;
    uint8_t *bytes = mutated(&length);
    feed(bytes, length);
    free(bytes);
  }
  printf("%u %u %u %u\n", questions, answered, named, rules_taken);
  return 0;
}
