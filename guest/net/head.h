/* The first bytes of a connection: whom it says it wants. No input and no output, so that it can be fuzzed. */
#ifndef BOXLITE_NET_HEAD_H
#define BOXLITE_NET_HEAD_H

#include "address.h"

enum { HEAD_MAX = 16384 };

enum head {
  HEAD_MORE,    /* not decided before more bytes are there */
  HEAD_OTHER,   /* neither TLS nor HTTP */
  HEAD_TLS,     /* a ClientHello with that name */
  HEAD_HTTP,    /* a request with that Host */
  HEAD_NAMELESS /* TLS or HTTP, but without a name, with several, malformed or too long */
};

/* `why` says for HEAD_NAMELESS what is wrong, null else. */
enum head head_read(const uint8_t *bytes, size_t length, char name[NAME_MAX_BYTES + 1], const char **why);

#endif
