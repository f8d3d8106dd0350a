#include "resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { STREAMS_MAX = 64, STREAM_IDLE_MS = 30000, STREAM_ROOM = 2 + 1024 };

struct stream {
  struct watch watch;
  struct stream *next;
  struct query *query;
  uint8_t *out;
  uint64_t last;
  uint32_t out_at, out_length;
  uint16_t used;
  uint8_t in[STREAM_ROOM];
};

static struct stream *streams;
static unsigned count;

void stream_wait(struct stream *stream, struct query *query) { stream->query = query; }

void stream_settle(struct stream *stream) { stream->query = NULL; }

void stream_end(struct stream *stream) {
  for (struct stream **link = &streams; *link; link = &(*link)->next) {
    if (*link != stream) continue;
    *link = stream->next;
    break;
  }
  if (stream->query) query_end(stream->query);
  watch_close(&stream->watch);
  free(stream->out);
  count--;
  free_later(stream);
}

/* False when the stream has ended. */
static bool flush_stream(struct stream *stream) {
  while (stream->out_at < stream->out_length) {
    ssize_t sent = send(stream->watch.fd, stream->out + stream->out_at, stream->out_length - stream->out_at,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (sent < 0) {
      stream_end(stream);
      return false;
    }
    stream->out_at += (uint32_t)sent;
  }
  bool done = stream->out_at == stream->out_length;
  if (done) {
    free(stream->out);
    stream->out = NULL;
    stream->out_at = stream->out_length = 0;
  }
  watch_set(&stream->watch, done ? stream->query ? EPOLLET : EPOLLIN : EPOLLOUT);
  return true;
}

void stream_answer(struct stream *stream, const uint8_t *bytes, size_t length) {
  uint8_t *out = malloc(length + 2);
  if (!out || stream->out) {
    free(out);
    stream_end(stream);
    return;
  }
  out[0] = (uint8_t)(length >> 8);
  out[1] = (uint8_t)length;
  memcpy(out + 2, bytes, length);
  stream->out = out;
  stream->out_length = (uint32_t)length + 2;
  stream->last = now_ms();
  flush_stream(stream);
}

/* One question at a time; the next waits in the stream. */
static void take_frames(struct stream *stream) {
  while (stream->watch.fd >= 0 && !stream->query && !stream->out && stream->used >= 2) {
    size_t size = (size_t)stream->in[0] << 8 | stream->in[1];
    uint8_t frame[STREAM_ROOM];
    if (size > STREAM_ROOM - 2 || size < MESSAGE_HEAD) {
      stream_end(stream);
      return;
    }
    if (stream->used < size + 2) return;
    memcpy(frame, stream->in + 2, size);
    memmove(stream->in, stream->in + 2 + size, stream->used - size - 2);
    stream->used = (uint16_t)(stream->used - size - 2);
    resolver_ask(frame, size, NULL, NULL, stream);
  }
}

static void read_stream(struct watch *watch, uint32_t events) {
  struct stream *stream = (struct stream *)watch;
  if (events & EPOLLERR) {
    stream_end(stream);
    return;
  }
  if (stream->out && !flush_stream(stream)) return;
  if (!stream->out && !stream->query && stream->used < STREAM_ROOM) {
    ssize_t length = recv(watch->fd, stream->in + stream->used, STREAM_ROOM - stream->used, MSG_DONTWAIT);
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
      stream_end(stream);
      return;
    }
    if (length > 0) {
      stream->used = (uint16_t)(stream->used + length);
      stream->last = now_ms();
    }
  }
  take_frames(stream);
  if (stream->watch.fd >= 0) flush_stream(stream);
}

void resolver_stream(int fd) {
  struct stream *stream = count < STREAMS_MAX ? calloc(1, sizeof *stream) : NULL;
  if (!stream) {
    reset_close(fd);
    return;
  }
  stream->watch = (struct watch){read_stream, fd, 0};
  stream->last = now_ms();
  stream->next = streams;
  streams = stream;
  count++;
  watch_set(&stream->watch, EPOLLIN);
}

bool stream_tick(uint64_t now) {
  for (struct stream *stream = streams, *next; stream; stream = next) {
    next = stream->next;
    if (stream->query) continue;
    if (stream->last + STREAM_IDLE_MS < now) stream_end(stream);
    else if (stream->used >= 2 && !stream->out) {
      take_frames(stream);
      if (stream->watch.fd >= 0) flush_stream(stream);
    }
  }
  return streams != NULL;
}
