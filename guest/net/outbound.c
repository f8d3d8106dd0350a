#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IP_ORIGDSTADDR
#define IP_ORIGDSTADDR 20
#endif

uint8_t scratch[SCRATCH];
static struct watch streams, datagrams;

struct endpoint endpoint_from(const struct sockaddr_in *from) {
  return (struct endpoint){address_from_v4(&from->sin_addr), ntohs(from->sin_port)};
}

socklen_t endpoint_to(const struct endpoint *endpoint, struct sockaddr_storage *to) {
  memset(to, 0, sizeof *to);
  if (address_is_v4(&endpoint->address)) {
    struct sockaddr_in *in = (struct sockaddr_in *)to;
    in->sin_family = AF_INET;
    in->sin_port = htons(endpoint->port);
    memcpy(&in->sin_addr, endpoint->address.bytes + 12, 4);
    return sizeof *in;
  }
  struct sockaddr_in6 *in = (struct sockaddr_in6 *)to;
  in->sin6_family = AF_INET6;
  in->sin6_port = htons(endpoint->port);
  memcpy(&in->sin6_addr, endpoint->address.bytes, 16);
  return sizeof *in;
}

static void take_stream(int fd) {
  struct sockaddr_in local;
  socklen_t length = sizeof local;
  const char *reason = NULL;
  if (getsockname(fd, (struct sockaddr *)&local, &length) != 0 || local.sin_family != AF_INET) {
    reset_close(fd);
    return;
  }
  struct endpoint to = endpoint_from(&local); /* where the box meant to go */
  if (to.port == 53) {
    resolver_stream(fd);
    return;
  }
  enum verdict verdict = policy_decide(&to, &reason);
  bool full = verdict != VERDICT_REFUSED && relay_full();
  if (full) reason = "too many connections at once";
  if (full || verdict == VERDICT_REFUSED) {
    event_refused(EVENT_TCP, &to, names_any(&to.address), reason, full ? REMEDY_FEWER : REMEDY_RULE);
    reset_close(fd);
    return;
  }
  relay_outward(fd, &to, verdict == VERDICT_BY_NAME);
}

static void accept_streams(struct watch *watch, uint32_t events) {
  (void)events;
  for (int i = 0; i < 64; i++) {
    int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      take_stream(fd);
      continue;
    }
    /* Out of descriptors or memory: not in a circle at full speed. */
    if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) poll(NULL, 0, 10);
    return;
  }
}

static void take_datagram(const struct endpoint *from, const struct endpoint *to, size_t length) {
  const char *reason = NULL;
  if (to->port == 53) {
    resolver_datagram(scratch, length, from, to);
    return;
  }
  enum verdict verdict = policy_decide(to, &reason);
  if (verdict == VERDICT_ALLOWED) {
    flow_outward(from, to, scratch, length);
    return;
  }
  if (verdict == VERDICT_BY_NAME) reason = "UDP (QUIC) does not say openly which name it wants; only an address rule opens it";
  event_refused(EVENT_UDP, to, names_any(&to->address), reason, REMEDY_ADDRESS);
  datagram_unreachable(from, to);
}

static void receive_datagrams(struct watch *watch, uint32_t events) {
  (void)events;
  for (int i = 0; i < 64; i++) {
    union {
      struct cmsghdr head;
      char room[256];
    } control;
    struct sockaddr_in from, to;
    struct iovec part = {scratch, sizeof scratch};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(watch->fd, &message, MSG_DONTWAIT);
    if (length < 0) return;
    bool known = false;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
      if (head->cmsg_level != SOL_IP || head->cmsg_type != IP_ORIGDSTADDR) continue;
      memcpy(&to, CMSG_DATA(head), sizeof to);
      known = true;
    }
    if (!known || message.msg_namelen < sizeof from) continue;
    struct endpoint client = endpoint_from(&from), server = endpoint_from(&to);
    take_datagram(&client, &server, (size_t)length);
  }
}

void outbound_open(void) {
  streams = (struct watch){accept_streams, inside.tcp, 0};
  datagrams = (struct watch){receive_datagrams, inside.udp, 0};
  watch_set(&streams, EPOLLIN);
  watch_set(&datagrams, EPOLLIN);
}
