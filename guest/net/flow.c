#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLOWS_MAX = 256, IDLE_MS = 60000, ROUNDS = 32 };

/* One who sends datagrams, and the connected socket that carries them on. */
struct flow {
  struct watch watch;
  struct flow *next;
  struct endpoint client, server; /* outward: of the box, and whom it wrote to; inward: the peer, and the port in the box */
  int outside;                    /* the published socket; -1: outward */
  uint64_t last;
};

static struct flow *flows;
static unsigned count;

static void end_flow(struct flow *flow) {
  for (struct flow **link = &flows; *link; link = &(*link)->next) {
    if (*link != flow) continue;
    *link = flow->next;
    break;
  }
  watch_close(&flow->watch);
  usage.open--;
  count--;
  free_later(flow);
}

static void answer(struct watch *watch, uint32_t events) {
  struct flow *flow = (struct flow *)watch;
  (void)events;
  for (int i = 0; i < ROUNDS; i++) {
    ssize_t length = recv(watch->fd, scratch, DATAGRAM_MAX, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length < 0) {
      /* Nobody listens there. */
      if (flow->outside < 0) datagram_unreachable(&flow->client, &flow->server);
      end_flow(flow);
      return;
    }
    flow->last = now_ms();
    if (flow->outside < 0) {
      usage.received += (uint64_t)length;
      datagram_reply(&flow->server, &flow->client, scratch, (size_t)length);
    } else {
      struct sockaddr_storage to;
      socklen_t size = endpoint_to(&flow->client, &to);
      usage.inward_at = flow->last;
      if (sendto(flow->outside, scratch, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, size) ==
          length)
        usage.sent += (uint64_t)length;
    }
  }
}

static bool same(const struct endpoint *one, const struct endpoint *other) {
  return one->port == other->port && address_equal(&one->address, &other->address);
}

static struct flow *find(int outside, const struct endpoint *client, const struct endpoint *server) {
  for (struct flow *flow = flows; flow; flow = flow->next)
    if (flow->outside == outside && same(&flow->client, client) && same(&flow->server, server)) return flow;
  return NULL;
}

/* The one that was silent longest gives way. */
static void make_room(void) {
  struct flow *oldest = flows;
  if (count < FLOWS_MAX) return;
  for (struct flow *flow = flows; flow; flow = flow->next)
    if (flow->last < oldest->last) oldest = flow;
  end_flow(oldest);
}

static struct flow *open_flow(int outside, const struct endpoint *client, const struct endpoint *server, int fd) {
  struct sockaddr_storage to;
  socklen_t size = endpoint_to(server, &to);
  struct flow *flow = fd >= 0 ? calloc(1, sizeof *flow) : NULL;
  if (!flow || connect(fd, (struct sockaddr *)&to, size) != 0) {
    usage.failed++;
    if (fd >= 0) close(fd);
    free(flow);
    return NULL;
  }
  *flow = (struct flow){{answer, fd, 0}, flows, *client, *server, outside, 0};
  flows = flow;
  count++;
  usage.total++;
  usage.open++;
  watch_set(&flow->watch, EPOLLIN);
  return flow;
}

static void pass(struct flow *flow, const uint8_t *bytes, size_t length) {
  flow->last = now_ms();
  if (send(flow->watch.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length) return;
  if (flow->outside < 0) usage.sent += length;
  else usage.received += length;
}

void flow_outward(const struct endpoint *client, const struct endpoint *server, const uint8_t *bytes, size_t length) {
  struct flow *flow = find(-1, client, server);
  if (!flow) {
    make_room();
    int family = address_is_v4(&server->address) ? AF_INET : AF_INET6;
    flow = open_flow(-1, client, server, socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (flow) pass(flow, bytes, length);
  else datagram_unreachable(client, server);
}

void flow_inward(int outside, const struct endpoint *peer, uint16_t port, const uint8_t *bytes, size_t length) {
  uint32_t place = htonl(inside.own_stack ? BOX_ADDRESS : INADDR_LOOPBACK);
  struct endpoint server = {address_from_v4(&place), port};
  struct flow *flow = find(outside, peer, &server);
  if (!flow) {
    make_room();
    flow = open_flow(outside, peer, &server, inside_socket(&inside, AF_INET, SOCK_DGRAM));
  }
  if (flow) pass(flow, bytes, length);
  usage.inward_at = now_ms();
}

bool flow_tick(uint64_t now) {
  for (struct flow *flow = flows, *next; flow; flow = next) {
    next = flow->next;
    if (flow->last + IDLE_MS < now) end_flow(flow);
  }
  return flows != NULL;
}
