/* The head of an HTTP/1 request: whom it names, and the same with nothing to follow it. No input and no output, so that it
   can be fuzzed. */
#ifndef BOXLITE_NET_REQUEST_H
#define BOXLITE_NET_REQUEST_H

#include "head.h"

/* How much longer than what was read the head may become: the option `close`, and a CR for each line that had none. */
enum { REQUEST_MAX = 2 * HEAD_MAX + 64 };

/* 1: starts like a request, 0: may still, -1: does not. */
int request_like(const uint8_t *bytes, size_t length);
/* HEAD_MORE, HEAD_HTTP with the name in Host, or HEAD_NAMELESS with `why`. */
enum head request_read(const uint8_t *bytes, size_t length, char name[NAME_MAX_BYTES + 1], const char **why);
/* Writes what `request_read` took for HEAD_HTTP so that the server ends the connection after its answer (RFC 9112, 9.6): one
   `Connection: close`, no other hop-by-hop field, no upgrade but to WebSocket; what follows the head as it was. The length. */
size_t request_close(const uint8_t *bytes, size_t length, uint8_t out[REQUEST_MAX]);

#endif
