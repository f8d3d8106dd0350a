/* The answer to the one request of a connection: where the client is told that it ends there. No input and no output, so that
   it can be fuzzed. */
#ifndef BOXLITE_NET_RESPONSE_H
#define BOXLITE_NET_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RESPONSE_UNTOUCHED, RESPONSE_STATUS, RESPONSE_INTERIM };

/* Starts as RESPONSE_STATUS; untouched: not HTTP, or what had to be said is said. */
struct response {
  uint8_t phase, column;
  uint16_t status;
};

extern const char response_field[];
/* Follows the next bytes. Before which of them `response_field` belongs, `length` at the most; -1: not here. */
ssize_t response_follow(struct response *response, const uint8_t *bytes, size_t length);

#endif
