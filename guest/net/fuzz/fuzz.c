/* Feeds random and mutated bytes to the parsers of the network role; built with sanitizers by parsers.test.ts.
   `fuzz SEED ROUNDS`: prints how many inputs each parser took for good. `fuzz`, without any: writes the seeds as files into the
   folder it is in, for a fuzzer that goes by what the code does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"

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
static const uint8_t upgrade[] = "POST / HTTP/1.1\nHost: a.b\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
                                 "Content-Length: 3\r\nUpgrade: h2c\r\nTE: gzip\nconnection:x\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";
static const uint8_t response[] = "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const uint8_t rule[] = "*.example.com:443\0[2001:db8::]/32:80\0" "10.0.0.0/8:22";

static const struct {
  const uint8_t *bytes;
  size_t length;
} seeds[] = {{query, sizeof query - 1}, {answer, sizeof answer - 1}, {hello, sizeof hello - 1},
             {http, sizeof http - 1},   {upgrade, sizeof upgrade - 1}, {response, sizeof response - 1},
             {rule, sizeof rule - 1}};
enum { SEEDS = 7 };

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

static void write_seeds(void) {
  for (size_t i = 0; i < SEEDS; i++) {
    char name[16];
    snprintf(name, sizeof name, "seed%zu", i);
    FILE *file = fopen(name, "w");
    if (!file || fwrite(seeds[i].bytes, 1, seeds[i].length, file) != seeds[i].length || fclose(file) != 0) exit(1);
  }
}

static void print_taken(void) {
  printf("%u %u %u %u %u\n", taken.questions, taken.answers, taken.names, taken.responses, taken.rules);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    write_seeds();
    return 0;
  }
  state = strtoull(argv[1], NULL, 10) | 1;
  unsigned long rounds = strtoul(argv[2], NULL, 10);
  for (size_t i = 0; i < SEEDS; i++) LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].length);
  print_taken();
  for (unsigned long i = 0; i < rounds; i++) {
    size_t length;
    uint8_t *bytes = mutated(&length);
    LLVMFuzzerTestOneInput(bytes, length);
    free(bytes);
  }
  print_taken();
  return 0;
}
