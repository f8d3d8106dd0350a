#include "message.h"

#include <string.h>

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }

static void put16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

/* Reads a name; pointers only lead back, so that it ends. `text` takes it with dots; a byte that is no letter, digit, - or _
   makes it unfit, not malformed. Where the message goes on, 0 when malformed. */
static size_t read_name(const uint8_t *bytes, size_t length, size_t at, char text[256], bool *fit) {
  size_t used = 0, after = 0, limit = at;
  *fit = true;
  for (;;) {
    if (at >= length) return 0;
    uint8_t size = bytes[at];
    if ((size & 0xc0) == 0xc0) {
      if (at + 1 >= length) return 0;
      size_t target = (size_t)(size & 0x3f) << 8 | bytes[at + 1];
      if (!after) after = at + 2;
      if (target >= limit) return 0;
      at = limit = target;
      continue;
    }
    if (size > 63) return 0;
    if (size == 0) break;
    if (at + 1 + size > length || used + size + 1 > 254) return 0;
    if (used) text[used++] = '.';
    for (size_t i = 0; i < size; i++) {
      char c = (char)bytes[at + 1 + i];
      if (c >= 'A' && c <= 'Z') c = (char)(c + 'a' - 'A');
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) *fit = false;
      text[used++] = c;
    }
    at += 1u + size;
  }
  text[used] = 0;
  return after ? after : at + 1;
}

bool message_question(const uint8_t *bytes, size_t length, struct question *question) {
  bool fit;
  char text[256];
  if (length < MESSAGE_HEAD || (bytes[2] & 0xf8) != 0) return false; /* an answer, or not a standard query */
  if (get16(bytes + 4) != 1 || get16(bytes + 6) != 0 || get16(bytes + 8) != 0 || get16(bytes + 10) > 2) return false;
  size_t end = read_name(bytes, length, MESSAGE_HEAD, text, &fit);
  if (end == 0 || end + 4 > length || !fit || end + 4 - MESSAGE_HEAD > sizeof question->raw) return false;
  if (strlen(text) > NAME_MAX_BYTES || get16(bytes + end + 2) != 1) return false;
  strcpy(question->name, text);
  question->id = get16(bytes);
  question->recursion = bytes[2] & 1;
  question->type = get16(bytes + end);
  question->raw_length = end + 4 - MESSAGE_HEAD;
  memcpy(question->raw, bytes + MESSAGE_HEAD, question->raw_length);
  question->room = 512;
  /* An OPT record right behind the question says how much the box can take. */
  size_t at = end + 4;
  if (get16(bytes + 10) > 0 && at + 11 <= length && bytes[at] == 0 && get16(bytes + at + 1) == TYPE_OPT) {
    uint16_t room = get16(bytes + at + 3);
    question->room = room < 512 ? 512 : room > 4096 ? 4096 : room;
  }
  return true;
}

bool message_is_meta(uint16_t type) {
  return type == 0 || type == TYPE_OPT || (type >= TYPE_META_FIRST && type <= TYPE_META_LAST);
}

size_t message_query(const struct question *question, uint16_t id, uint8_t out[QUERY_MAX]) {
  static const uint8_t opt[11] = {0, 0, TYPE_OPT, 1232 >> 8, 1232 & 0xff};
  memset(out, 0, MESSAGE_HEAD);
  put16(out, id);
  out[2] = 1;
  put16(out + 4, 1);
  put16(out + 10, 1);
  memcpy(out + MESSAGE_HEAD, question->raw, question->raw_length);
  memcpy(out + MESSAGE_HEAD + question->raw_length, opt, sizeof opt);
  return MESSAGE_HEAD + question->raw_length + sizeof opt;
}

bool message_answers(const uint8_t *bytes, size_t length, const struct question *question, uint16_t id,
                     struct answers *answers) {
  char name[256], wanted[256];
  bool fit;
  memset(answers, 0, sizeof *answers);
  answers->ttl = 3600;
  if (length < MESSAGE_HEAD || get16(bytes) != id || !(bytes[2] & 0x80) || (bytes[2] & 0x78) || get16(bytes + 4) != 1)
    return false;
  size_t at = read_name(bytes, length, MESSAGE_HEAD, name, &fit);
  if (at == 0 || at + 4 > length || strcmp(name, question->name) != 0 || get16(bytes + at) != question->type ||
      get16(bytes + at + 2) != 1)
    return false;
  at += 4;
  answers->rcode = bytes[3] & 15;
  answers->truncated = bytes[2] & 2;
  if (question->type != TYPE_A) return true;
  unsigned records = get16(bytes + 6);
  strcpy(wanted, question->name);
  for (unsigned i = 0; i < records; i++) {
    at = read_name(bytes, length, at, name, &fit);
    if (at == 0 || at + 10 > length) return answers->truncated;
    uint16_t type = get16(bytes + at), class = get16(bytes + at + 2), size = get16(bytes + at + 8);
    uint32_t ttl = get32(bytes + at + 4);
    at += 10;
    if (at + size > length) return answers->truncated;
    if (class == 1 && strcmp(name, wanted) == 0 && (type == TYPE_A || type == TYPE_CNAME)) {
      if (ttl < answers->ttl) answers->ttl = ttl;
      if (type == TYPE_A && size != 4) return false;
      if (type == TYPE_A && answers->count < ANSWERS_MAX)
        answers->list[answers->count++] = address_from_v4(bytes + at);
      /* The chain is taken in the order in which it is written, as resolvers write it. */
      if (type == TYPE_CNAME && read_name(bytes, length, at, wanted, &fit) == 0) return false;
    }
    at += size;
  }
  return true;
}

size_t message_write(const struct question *question, const struct answers *answers, uint8_t *out, size_t room) {
  size_t at = MESSAGE_HEAD + question->raw_length, count = 0;
  bool cut = answers->truncated;
  memset(out, 0, MESSAGE_HEAD);
  memcpy(out + MESSAGE_HEAD, question->raw, question->raw_length);
  for (size_t i = 0; i < answers->count; i++) {
    if (at + 16 > room) {
      cut = true;
      break;
    }
    put16(out + at, 0xc000 | MESSAGE_HEAD);
    put16(out + at + 2, TYPE_A);
    put16(out + at + 4, 1);
    put16(out + at + 6, answers->ttl >> 16);
    put16(out + at + 8, answers->ttl & 0xffff);
    put16(out + at + 10, 4);
    memcpy(out + at + 12, answers->list[i].bytes + 12, 4);
    at += 16;
    count++;
  }
  put16(out, question->id);
  out[2] = (uint8_t)(0x80 | (cut ? 2 : 0) | (question->recursion ? 1 : 0));
  out[3] = (uint8_t)(0x80 | answers->rcode);
  put16(out + 4, 1);
  put16(out + 6, (unsigned)count);
  return at;
}
