#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct published {
  struct watch watch;
  struct endpoint at;
  uint16_t port;
  bool udp;
};

static struct published published[PORTS_MAX];
static size_t count;

static struct endpoint endpoint_any(const struct sockaddr_storage *from) {
  struct endpoint endpoint = {0};
  if (from->ss_family == AF_INET) return endpoint_from((const struct sockaddr_in *)from);
  const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)from;
  memcpy(endpoint.address.bytes, &in->sin6_addr, 16);
  endpoint.port = ntohs(in->sin6_port);
  return endpoint;
}

static void accept_streams(struct watch *watch, uint32_t events) {
  struct published *port = (struct published *)watch;
  (void)events;
  for (int i = 0; i < 64; i++) {
    int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) poll(NULL, 0, 10);
      return;
    }
    if (!relay_full()) {
      relay_inward(fd, port->port, NULL);
      continue;
    }
    usage.refused++;
    reset_close(fd);
  }
}

static void receive_datagrams(struct watch *watch, uint32_t events) {
  struct published *port = (struct published *)watch;
  (void)events;
  for (int i = 0; i < 64; i++) {
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(watch->fd, scratch, DATAGRAM_MAX, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (length < 0) return;
    struct endpoint peer = endpoint_any(&from);
    flow_inward(watch->fd, &peer, port->port, scratch, (size_t)length);
  }
}

static bool parse(const char *text, struct published *port) {
  char copy[160], host[100];
  unsigned outer, inner;
  int end = 0;
  if (strlen(text) >= sizeof copy) return false;
  if (sscanf(text, "%3[a-z]:[%63[0-9a-fA-F:.]]:%5u:%5u%n", copy, host, &outer, &inner, &end) != 4 &&
      sscanf(text, "%3[a-z]:%63[0-9.]:%5u:%5u%n", copy, host, &outer, &inner, &end) != 4)
    return false;
  port->udp = strcmp(copy, "udp") == 0;
  port->port = (uint16_t)inner;
  port->at.port = (uint16_t)outer;
  return text[end] == 0 && (port->udp || strcmp(copy, "tcp") == 0) && outer <= 65535 && inner > 0 && inner <= 65535 &&
         address_parse(host, &port->at.address);
}

int publish_listen(const char *text) {
  struct sockaddr_storage at;
  struct published port = {0};
  int on = 1;
  if (count == PORTS_MAX || !parse(text, &port)) {
    errno = EINVAL;
    return -1;
  }
  socklen_t length = endpoint_to(&port.at, &at);
  int fd = socket(at.ss_family, (port.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (!port.udp) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, length) != 0) return -1;
  if (!port.udp && listen(fd, 1024) != 0) return -1;
  length = sizeof at;
  if (getsockname(fd, (struct sockaddr *)&at, &length) != 0) return -1;
  port.at = endpoint_any(&at);
  port.watch = (struct watch){port.udp ? receive_datagrams : accept_streams, fd, 0};
  published[count++] = port;
  return 0;
}

void publish_start(void) {
  for (size_t i = 0; i < count; i++) watch_set(&published[i].watch, EPOLLIN);
}

size_t publish_json(char *out, size_t size) {
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    char text[ADDRESS_TEXT];
    used += (size_t)snprintf(out + used, size - used,
                             "%s{\"guestPort\":%u,\"hostPort\":%u,\"hostIp\":\"%s\",\"protocol\":\"%s\"}", i ? "," : "",
                             published[i].port, published[i].at.port, address_text(&published[i].at.address, text),
                             published[i].udp ? "udp" : "tcp");
  }
  return used;
}
