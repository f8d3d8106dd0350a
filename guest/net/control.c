#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, LINE_MAX_BYTES = 128, FIRST_OWNER_MS = 30000 };

/* A connection of the runtime. */
struct client {
  struct watch watch;
  uint8_t *out;
  size_t out_at, out_length;
  bool owner;
  uint16_t used;
  char in[LINE_MAX_BYTES];
};

static struct watch listening;
static unsigned count;
static bool attached, owned;
static struct client *current_owner;
static uint64_t opened_at;
static const char *(*waits_for)(const char *path);

static void end_client(struct client *client) {
  /* Whoever was to tell the namespace has gone. */
  if (waits_for) _exit(0);
  if (client->owner && client == current_owner) {
    current_owner = NULL;
    if (attached) _exit(0);
  }
  watch_close(&client->watch);
  free(client->out);
  client->out = NULL;
  count--;
  free_later(client);
}

static bool flush(struct client *client) {
  while (client->out_at < client->out_length) {
    ssize_t sent = send(client->watch.fd, client->out + client->out_at, client->out_length - client->out_at,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (sent < 0) {
      end_client(client);
      return false;
    }
    client->out_at += (size_t)sent;
  }
  bool done = client->out_at == client->out_length;
  if (done) {
    free(client->out);
    client->out = NULL;
    client->out_at = client->out_length = 0;
  }
  watch_set(&client->watch, done ? EPOLLIN : EPOLLOUT);
  return true;
}

/* Takes the memory over. */
static bool answer(struct client *client, char *text, size_t length) {
  client->out = (uint8_t *)text;
  client->out_at = 0;
  client->out_length = text ? length : 0;
  return flush(client);
}

static bool answer_line(struct client *client, const char *line) { return answer(client, strdup(line), strlen(line)); }

static bool hello(struct client *client) {
  size_t size = 256 + PORTS_MAX * 160;
  char *text = malloc(size);
  if (!text) return answer_line(client, "{\"error\":\"out of memory\"}\n");
  size_t used = (size_t)snprintf(text, size, "{\"version\":1,\"pid\":%d,\"keeper\":%d,\"resolver\":\"%s\",\"ports\":[",
                                 getpid(), inside.keeper, RESOLVER_TEXT);
  used += publish_json(text + used, size - used);
  used += (size_t)snprintf(text + used, size - used, "]}\n");
  return answer(client, text, used);
}

static bool tell_usage(struct client *client) {
  uint64_t idle = usage.inward ? 0 : now_ms() - usage.inward_at;
  char text[400];
  snprintf(text, sizeof text,
           "{\"bytesSent\":%llu,\"bytesReceived\":%llu,\"connectionsTotal\":%llu,\"connectionsOpen\":%llu,"
           "\"connectionsRefused\":%llu,\"connectionsFailed\":%llu,\"inwardIdleMs\":%llu}\n",
           (unsigned long long)usage.sent, (unsigned long long)usage.received, (unsigned long long)usage.total,
           (unsigned long long)usage.open, (unsigned long long)usage.refused, (unsigned long long)usage.failed,
           (unsigned long long)idle);
  return answer_line(client, text);
}

void control_dialled(int fd, int error, uint64_t id) {
  char ok[32];
  snprintf(ok, sizeof ok, "ok %llu\n", (unsigned long long)id);
  const char *line = error == 0 ? ok : error == ECONNREFUSED ? "refused\n" : "failed\n";
  /* Nothing was written to this socket before: it takes a few bytes at once. */
  if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return;
}

/* The connection is a stream from here on; it belongs to the relay. */
static bool dial(struct client *client, const char *text) {
  int port = atoi(text), fd = client->watch.fd;
  if (port < 1 || port > 65535 || client->used > 0 || client->owner) return answer_line(client, "failed\n");
  if (relay_full()) return answer_line(client, "full\n");
  watch_set(&client->watch, 0);
  client->watch.fd = -1;
  end_client(client);
  relay_inward(fd, (uint16_t)port, control_dialled);
  return false;
}

static bool own(struct client *client) {
  client->owner = owned = true;
  current_owner = client;
  return hello(client);
}

static bool join(struct client *client, const char *path) {
  char text[256];
  const char *failure = waits_for(path);
  waits_for = NULL;
  if (!failure) return own(client);
  int length = snprintf(text, sizeof text, "{\"error\":\"%s\"}\n", failure);
  _exit(send(client->watch.fd, text, (size_t)length, MSG_NOSIGNAL) == length ? 1 : 2);
}

/* False when the client has gone. */
static bool take_line(struct client *client, char *line) {
  size_t length = 0;
  if (strcmp(line, "end") == 0) _exit(0);
  if (waits_for && strncmp(line, "join ", 5) == 0) return join(client, line + 5);
  if (waits_for) return answer_line(client, "{\"error\":\"there is no namespace yet\"}\n");
  if (strcmp(line, "own") == 0) return own(client);
  if (strcmp(line, "usage") == 0) return tell_usage(client);
  if (strncmp(line, "events ", 7) == 0) {
    char *text = events_json(strtoull(line + 7, NULL, 10), &length);
    return text ? answer(client, text, length) : answer_line(client, "[]\n");
  }
  if (strncmp(line, "broken ", 7) == 0)
    return answer_line(client, relay_broken(strtoull(line + 7, NULL, 10)) ? "yes\n" : "no\n");
  if (strncmp(line, "dial ", 5) == 0) return dial(client, line + 5);
  return answer_line(client, "{\"error\":\"unknown request\"}\n");
}

static void receive(struct watch *watch, uint32_t events) {
  struct client *client = (struct client *)watch;
  if ((events & EPOLLOUT) && !flush(client)) return;
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  ssize_t length = recv(watch->fd, client->in + client->used, LINE_MAX_BYTES - client->used, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    end_client(client);
    return;
  }
  client->used = (uint16_t)(client->used + length);
  for (char *end; !client->out && (end = memchr(client->in, '\n', client->used));) {
    char line[LINE_MAX_BYTES];
    size_t size = (size_t)(end - client->in);
    memcpy(line, client->in, size);
    line[size] = 0;
    client->used = (uint16_t)(client->used - size - 1);
    memmove(client->in, end + 1, client->used);
    if (!take_line(client, line)) return;
  }
  if (client->used == LINE_MAX_BYTES) end_client(client);
}

static void welcome(struct watch *watch, uint32_t events) {
  (void)events;
  int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  struct client *client = fd >= 0 && count < CLIENTS_MAX ? calloc(1, sizeof *client) : NULL;
  if (!client) {
    if (fd >= 0) close(fd);
    return;
  }
  client->watch = (struct watch){receive, fd, 0};
  count++;
  watch_set(&client->watch, EPOLLIN);
}

void control_open(bool with_runtime, const char *(*join)(const char *path)) {
  waits_for = join;
  attached = with_runtime;
  opened_at = usage.inward_at = now_ms();
  listening = (struct watch){welcome, NET_CONTROL, 0};
  watch_set(&listening, EPOLLIN);
}

bool control_owned(void) { return current_owner != NULL; }

bool control_tick(uint64_t now) {
  /* A runtime that died between starting this and taking it over. One that is there may take its time to name the namespace. */
  if (!owned && !(waits_for && count) && opened_at + FIRST_OWNER_MS < now) _exit(0);
  return !owned;
}
