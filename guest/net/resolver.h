/* Between the questions of a box and those that come by TCP. */
#ifndef BOXLITE_NET_RESOLVER_H
#define BOXLITE_NET_RESOLVER_H

#include "internal.h"

struct query;
struct stream;

/* resolver.c: a question, by UDP from `client` to `server` if `stream` is null. */
void resolver_ask(const uint8_t *bytes, size_t length, const struct endpoint *client, const struct endpoint *server,
                  struct stream *stream);
/* Nobody waits for it any more. */
void query_end(struct query *query);

/* resolver_stream.c: the stream takes no other question until `stream_settle`. */
void stream_wait(struct stream *stream, struct query *query);
void stream_settle(struct stream *stream);
/* May end it. */
void stream_answer(struct stream *stream, const uint8_t *bytes, size_t length);
void stream_end(struct stream *stream);
bool stream_tick(uint64_t now);

#endif
