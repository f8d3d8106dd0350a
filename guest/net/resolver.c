#include "resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUERIES_MAX = 256, ATTEMPTS = 5, PATIENCE_MS = 2000, RCODE_UNKNOWN = 4 };

struct query {
  struct watch watch;
  struct query *next;
  struct stream *stream; /* null: by UDP */
  struct endpoint client, server;
  uint64_t deadline;
  uint8_t *in; /* what an answer by TCP has brought so far */
  uint32_t used;
  uint16_t id;
  uint8_t attempt;
  bool sent;
  struct question question;
};

static struct query *queries;
static unsigned query_count;

static void try_next(struct query *query);

void resolver_open(const char *path) { upstream_open(path); }

void query_end(struct query *query) {
  for (struct query **link = &queries; *link; link = &(*link)->next) {
    if (*link != query) continue;
    *link = query->next;
    break;
  }
  if (query->stream) stream_settle(query->stream);
  watch_close(&query->watch);
  free(query->in);
  query_count--;
  free_later(query);
}

static void answer(const struct question *question, struct stream *stream, const struct endpoint *client,
                   const struct endpoint *server, const struct answers *answers) {
  uint8_t out[MESSAGE_HEAD + 260 + 16 * ANSWERS_MAX];
  size_t room = stream || question->room > sizeof out ? sizeof out : question->room;
  size_t length = message_write(question, answers, out, room);
  if (stream) stream_answer(stream, out, length);
  else datagram_reply(server, client, out, length);
}

static void answer_code(const struct question *question, struct stream *stream, const struct endpoint *client,
                        const struct endpoint *server, unsigned rcode, bool truncated) {
  struct answers answers = {.rcode = rcode, .truncated = truncated};
  answer(question, stream, client, server, &answers);
}

/* Ends the query and goes on with what its stream has asked meanwhile. */
static void finish(struct query *query, const struct answers *answers, const uint8_t *raw, size_t length) {
  struct stream *stream = query->stream;
  if (stream) stream_settle(stream);
  query->stream = NULL;
  if (!raw) answer(&query->question, stream, &query->client, &query->server, answers);
  else if (stream) stream_answer(stream, raw, length);
  else if (length <= query->question.room) datagram_reply(&query->server, &query->client, raw, length);
  else answer_code(&query->question, NULL, &query->client, &query->server, RCODE_OK, true);
  query_end(query);
}

static void finish_code(struct query *query, unsigned rcode) {
  struct answers answers = {.rcode = rcode};
  finish(query, &answers, NULL, 0);
}

/* Takes out what the box may not reach, and pins the rest to the name. */
static void filter(const struct question *question, struct answers *answers) {
  size_t kept = 0, had = answers->count;
  for (size_t i = 0; i < had; i++) {
    const char *reason = NULL;
    struct endpoint to = {.address = answers->list[i]};
    if (policy_answerable(&answers->list[i], &reason)) {
      names_pin(&answers->list[i], question->name, answers->ttl);
      answers->list[kept++] = answers->list[i];
    } else {
      event_refused(EVENT_DNS, &to, question->name, reason, REMEDY_ADDRESS);
    }
  }
  answers->count = kept;
  if (had > 0 && kept == 0) answers->rcode = RCODE_REFUSED;
}

/* False: not the answer that is waited for. */
static bool take_answer(struct query *query, uint8_t *bytes, size_t length) {
  struct answers answers;
  if (!message_answers(bytes, length, &query->question, query->id, &answers)) return false;
  if ((answers.rcode == RCODE_SERVER || answers.rcode == RCODE_REFUSED) && query->attempt < ATTEMPTS) {
    try_next(query);
    return true;
  }
  if (query->question.type == TYPE_A) {
    filter(&query->question, &answers);
    finish(query, &answers, NULL, 0);
    return true;
  }
  bytes[0] = (uint8_t)(query->question.id >> 8);
  bytes[1] = (uint8_t)query->question.id;
  finish(query, NULL, bytes, length);
  return true;
}

static void read_udp(struct watch *watch, uint32_t events) {
  struct query *query = (struct query *)watch;
  (void)events;
  for (int i = 0; i < 16; i++) {
    ssize_t length = recv(watch->fd, scratch, DATAGRAM_MAX, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length < 0) {
      try_next(query);
      return;
    }
    if (take_answer(query, scratch, (size_t)length)) return;
  }
}

static void use_tcp(struct watch *watch, uint32_t events) {
  struct query *query = (struct query *)watch;
  if (!query->sent && (events & EPOLLOUT)) {
    uint8_t out[2 + QUERY_MAX];
    size_t length = message_query(&query->question, query->id, out + 2);
    out[0] = (uint8_t)(length >> 8);
    out[1] = (uint8_t)length;
    query->sent = true;
    if (send(watch->fd, out, length + 2, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length + 2) {
      try_next(query);
      return;
    }
    watch_set(watch, EPOLLIN);
    return;
  }
  if (!query->in) query->in = malloc(2 + MESSAGE_MAX);
  ssize_t length = query->in ? recv(watch->fd, query->in + query->used, 2 + MESSAGE_MAX - query->used, MSG_DONTWAIT) : -1;
  if (length < 0 && query->in && (errno == EAGAIN || errno == EINTR)) return;
  if (length > 0) query->used += (uint32_t)length;
  uint32_t size = query->used >= 2 ? 2u + ((uint32_t)query->in[0] << 8 | query->in[1]) : 0;
  if (size && query->used >= size) {
    if (!take_answer(query, query->in + 2, size - 2)) try_next(query);
  } else if (length <= 0) {
    try_next(query);
  }
}

/* A socket, a port and an id of its own for every attempt, the resolvers in turn. */
static void try_next(struct query *query) {
  struct endpoint list[3];
  int count = upstream_list(list);
  watch_close(&query->watch);
  free(query->in);
  query->in = NULL;
  query->used = 0;
  query->sent = false;
  while (count > 0 && query->attempt < ATTEMPTS) {
    struct sockaddr_storage to;
    socklen_t size = endpoint_to(&list[query->attempt++ % count], &to);
    int type = query->stream ? SOCK_STREAM : SOCK_DGRAM;
    int fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    if (getrandom(&query->id, sizeof query->id, 0) != sizeof query->id ||
        (connect(fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS)) {
      close(fd);
      continue;
    }
    query->watch = (struct watch){query->stream ? use_tcp : read_udp, fd, 0};
    query->deadline = now_ms() + PATIENCE_MS;
    if (query->stream) {
      watch_set(&query->watch, EPOLLOUT);
      return;
    }
    uint8_t out[QUERY_MAX];
    size_t length = message_query(&query->question, query->id, out);
    if (send(fd, out, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length) {
      watch_set(&query->watch, EPOLLIN);
      return;
    }
    watch_close(&query->watch);
  }
  finish_code(query, RCODE_SERVER);
}

/* Any name resolves where every public address may be reached. */
static bool resolvable(const char *name) {
  struct address anywhere = {{[10] = 0xff, [11] = 0xff, [12] = 1, [13] = 1, [14] = 1, [15] = 1}};
  if (!rules.listed || rules_allow_name(&rules, name, 0)) return true;
  for (size_t i = 0; i < rules.count; i++)
    if (rules.list[i].kind == RULE_CIDR && rules.list[i].prefix <= 96 && rules_allow_address(&rules, &anywhere, 0, false))
      return true;
  return false;
}

void resolver_ask(const uint8_t *bytes, size_t length, const struct endpoint *client, const struct endpoint *server,
                  struct stream *stream) {
  struct question question;
  if (!message_question(bytes, length, &question)) {
    struct question blank = {.id = length >= 2 ? (uint16_t)(bytes[0] << 8 | bytes[1]) : 0, .room = 512};
    /* Without the question it would not fit together: only its head. */
    if (length >= MESSAGE_HEAD && !(bytes[2] & 0x80)) answer_code(&blank, stream, client, server, RCODE_FORMAT, false);
    else if (stream) stream_end(stream);
    return;
  }
  if (!resolvable(question.name)) {
    event_refused(EVENT_DNS, NULL, question.name,
                  rules.count ? "no rule allows this name" : "the list of rules is empty", REMEDY_RULE);
    answer_code(&question, stream, client, server, RCODE_REFUSED, false);
    return;
  }
  if (question.type == TYPE_AAAA || question.type == TYPE_HTTPS || question.type == TYPE_SVCB) {
    answer_code(&question, stream, client, server, RCODE_OK, false);
    return;
  }
  bool meta = message_is_meta(question.type);
  struct query *query = meta || query_count >= QUERIES_MAX ? NULL : calloc(1, sizeof *query);
  if (!query) {
    answer_code(&question, stream, client, server, meta ? RCODE_UNKNOWN : RCODE_SERVER, false);
    return;
  }
  query->watch.fd = -1;
  query->question = question;
  query->stream = stream;
  if (stream) stream_wait(stream, query);
  else query->client = *client, query->server = *server;
  query->next = queries;
  queries = query;
  query_count++;
  try_next(query);
}

void resolver_datagram(const uint8_t *bytes, size_t length, const struct endpoint *client,
                       const struct endpoint *server) {
  resolver_ask(bytes, length, client, server, NULL);
}

bool resolver_tick(uint64_t now) {
  /* An answer may end its stream: every round starts anew. */
  for (bool more = true; more;) {
    more = false;
    for (struct query *query = queries; query && !more; query = query->next) {
      if (query->deadline > now) continue;
      more = true;
      try_next(query);
    }
  }
  return stream_tick(now) || queries;
}
