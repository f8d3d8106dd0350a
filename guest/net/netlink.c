#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

enum { MSG_ERROR = 2, GETROUTE = 26 };

static void pad(struct batch *batch) {
  while (batch->used % 4) batch->bytes[batch->used++] = 0;
}

size_t put(struct batch *batch, uint16_t type, const void *value, size_t length) {
  size_t at = batch->used;
  uint16_t head[2] = {(uint16_t)(4 + length), type};
  memcpy(batch->bytes + at, head, 4);
  if (length) memcpy(batch->bytes + at + 4, value, length);
  batch->used += 4 + length;
  pad(batch);
  return at;
}

void put_text(struct batch *batch, uint16_t type, const char *text) {
  put(batch, type, text, strlen(text) + 1);
}

void put_u32(struct batch *batch, uint16_t type, uint32_t value) { put(batch, type, &value, 4); }
void put_be32(struct batch *batch, uint16_t type, uint32_t value) { put_u32(batch, type, htonl(value)); }

size_t nest(struct batch *batch, uint16_t type) { return put(batch, type, NULL, 0); }

void end(struct batch *batch, size_t at) {
  uint16_t length = (uint16_t)(batch->used - at);
  memcpy(batch->bytes + at, &length, 2);
}

void begin(struct batch *batch, uint16_t type, uint16_t flags, const void *body, size_t length) {
  batch->message = batch->used;
  struct head head = {0, type, (uint16_t)(F_REQUEST | flags), (uint32_t)batch->used + 1, 0};
  memcpy(batch->bytes + batch->used, &head, sizeof head);
  memcpy(batch->bytes + batch->used + sizeof head, body, length);
  batch->used += sizeof head + length;
  pad(batch);
}

void finish(struct batch *batch) {
  uint32_t length = (uint32_t)(batch->used - batch->message);
  memcpy(batch->bytes + batch->message, &length, 4);
}

int talk(int fd, struct batch *batch, int answers) {
  int failure = 0;
  if (send(fd, batch->bytes, batch->used, 0) < 0) return -1;
  while (answers > 0) {
    ssize_t length = recv(fd, scratch, sizeof scratch, 0);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return -1;
    for (size_t at = 0; at + sizeof(struct head) + 4 <= (size_t)length;) {
      struct head head;
      int32_t error;
      memcpy(&head, scratch + at, sizeof head);
      memcpy(&error, scratch + at + sizeof head, 4);
      if (head.length < sizeof head) break;
      if (head.type == MSG_ERROR) {
        answers--;
        if (error && !failure) failure = -error;
        /* A batch that is refused as a whole may be answered only once. */
        if (error) answers = 0;
      }
      at += (head.length + 3) & ~3u;
    }
  }
  errno = failure;
  return failure ? -1 : 0;
}

int netlink_socket(int protocol) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  struct timeval patience = {2, 0};
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

static int routes = -1;

int netlink_open(void) {
  routes = netlink_socket(NETLINK_ROUTE_);
  return routes < 0 ? -1 : 0;
}

/* Asks the routing table where it would go; without an answer it counts as the host's own. */
bool netlink_is_own(const struct address *address) {
  static uint32_t sequence = 1;
  struct batch batch = {.used = 0};
  bool v4 = address_is_v4(address);
  struct route route = {.family = v4 ? AF_INET : AF_INET6, .dst = v4 ? 32 : 128};
  begin(&batch, GETROUTE, 0, &route, sizeof route);
  put(&batch, 1, v4 ? address->bytes + 12 : address->bytes, v4 ? 4 : 16);
  finish(&batch);
  sequence++;
  memcpy(batch.bytes + 8, &sequence, 4);
  if (send(routes, batch.bytes, batch.used, 0) < 0) return true;
  for (;;) {
    struct {
      struct head head;
      struct route route;
      uint8_t rest[2048];
    } answer;
    ssize_t length = recv(routes, &answer, sizeof answer, 0);
    if (length < 0 && errno == EINTR) continue;
    if (length < (ssize_t)sizeof(struct head)) return true;
    if (answer.head.sequence != sequence) continue;
    if (answer.head.type == MSG_ERROR) return false; /* no route: connecting will say so */
    if (length < (ssize_t)(sizeof(struct head) + sizeof(struct route))) return true;
    return answer.route.type != 1; /* anything but unicast */
  }
}
