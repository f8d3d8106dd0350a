/* DNS messages: no input and no output, so that it can be fuzzed. Every message is hostile. */
#ifndef BOXLITE_NET_MESSAGE_H
#define BOXLITE_NET_MESSAGE_H

#include "address.h"

enum { MESSAGE_HEAD = 12, MESSAGE_MAX = 65535, QUERY_MAX = 600, ANSWERS_MAX = 32 };
enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, TYPE_OPT = 41, TYPE_SVCB = 64, TYPE_HTTPS = 65 };
enum { RCODE_OK = 0, RCODE_FORMAT = 1, RCODE_SERVER = 2, RCODE_NAME = 3, RCODE_REFUSED = 5 };

/* RFC 6895, 3.1: 0, OPT, and what asks for zones, keys or everything (ANY). No resolver answers that for a box. */
enum { TYPE_META_FIRST = 128, TYPE_META_LAST = 255 };

struct question {
  uint16_t id, type;
  uint16_t room; /* of an answer by UDP */
  bool recursion;
  char name[NAME_MAX_BYTES + 1]; /* lower case */
  uint8_t raw[256 + 4];          /* as the box wrote it, with type and class */
  size_t raw_length;
};

struct answers {
  unsigned rcode;
  bool truncated;
  uint32_t ttl;
  size_t count;
  struct address list[ANSWERS_MAX];
};

/* One question of class IN; false when it is anything else. */
bool message_question(const uint8_t *bytes, size_t length, struct question *question);
bool message_is_meta(uint16_t type);
/* Writes the query that we send: the same question, our id, room for 1232 bytes. The length. */
size_t message_query(const struct question *question, uint16_t id, uint8_t out[QUERY_MAX]);
/* Whether it answers that very question and, for addresses, what it says. False: not an answer, or malformed. */
bool message_answers(const uint8_t *bytes, size_t length, const struct question *question, uint16_t id,
                     struct answers *answers);
/* Writes our own answer; addresses only for type A. The length. */
size_t message_write(const struct question *question, const struct answers *answers, uint8_t *out, size_t room);

#endif
