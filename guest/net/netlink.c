#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* musl brings no kernel headers: what is used of them. */
enum { NETLINK_ROUTE_ = 0, NETLINK_NETFILTER_ = 12 };
enum { F_REQUEST = 1, F_ACK = 4, F_EXCL = 0x200, F_CREATE = 0x400, F_APPEND = 0x800 };
enum { MSG_ERROR = 2, NEWLINK = 16, NEWADDR = 20, NEWROUTE = 24, GETROUTE = 26, NESTED = 0x8000 };
enum { ETH_INDEX = 100, PEER_INDEX = 101 };

struct head {
  uint32_t length;
  uint16_t type, flags;
  uint32_t sequence, pid;
};
struct link {
  uint8_t family, pad;
  uint16_t type;
  int32_t index;
  uint32_t flags, change;
};
struct addr {
  uint8_t family, prefix, flags, scope;
  uint32_t index;
};
struct route {
  uint8_t family, dst, src, tos, table, protocol, scope, type;
  uint32_t flags;
};

struct batch {
  union {
    struct head align;
    uint8_t bytes[6144];
  };
  size_t used, message;
};

static void pad(struct batch *batch) {
  while (batch->used % 4) batch->bytes[batch->used++] = 0;
}

static size_t put(struct batch *batch, uint16_t type, const void *value, size_t length) {
  size_t at = batch->used;
  uint16_t head[2] = {(uint16_t)(4 + length), type};
  memcpy(batch->bytes + at, head, 4);
  if (length) memcpy(batch->bytes + at + 4, value, length);
  batch->used += 4 + length;
  pad(batch);
  return at;
}

static void put_text(struct batch *batch, uint16_t type, const char *text) {
  put(batch, type, text, strlen(text) + 1);
}

static void put_u32(struct batch *batch, uint16_t type, uint32_t value) { put(batch, type, &value, 4); }
static void put_be32(struct batch *batch, uint16_t type, uint32_t value) { put_u32(batch, type, htonl(value)); }

static size_t nest(struct batch *batch, uint16_t type) { return put(batch, type, NULL, 0); }

static void end(struct batch *batch, size_t at) {
  uint16_t length = (uint16_t)(batch->used - at);
  memcpy(batch->bytes + at, &length, 2);
}

static void begin(struct batch *batch, uint16_t type, uint16_t flags, const void *body, size_t length) {
  batch->message = batch->used;
  struct head head = {0, type, (uint16_t)(F_REQUEST | flags), (uint32_t)batch->used + 1, 0};
  memcpy(batch->bytes + batch->used, &head, sizeof head);
  memcpy(batch->bytes + batch->used + sizeof head, body, length);
  batch->used += sizeof head + length;
  pad(batch);
}

static void finish(struct batch *batch) {
  uint32_t length = (uint32_t)(batch->used - batch->message);
  memcpy(batch->bytes + batch->message, &length, 4);
}

/* Sends all of it and reads `answers` acknowledgements; the first error counts. */
static int talk(int fd, struct batch *batch, int answers) {
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

static int netlink_socket(int protocol) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  struct timeval patience = {2, 0};
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

static int link_up(int fd, int index) {
  struct batch batch = {.used = 0};
  begin(&batch, NEWLINK, F_ACK, &(struct link){.index = index, .flags = IFF_UP, .change = IFF_UP}, sizeof(struct link));
  finish(&batch);
  return talk(fd, &batch, 1);
}

/* Both ends stay here: programs look for an interface that is not lo, but nothing travels on it. */
static int make_pair(int fd) {
  struct batch batch = {.used = 0};
  struct link link = {.index = ETH_INDEX}, peer = {.index = PEER_INDEX};
  begin(&batch, NEWLINK, F_ACK | F_CREATE | F_EXCL, &link, sizeof link);
  put_text(&batch, 3, "eth0");
  size_t info = nest(&batch, 18);
  put_text(&batch, 1, "veth");
  size_t data = nest(&batch, 2), other = put(&batch, 1, &peer, sizeof peer);
  put_text(&batch, 3, "boxlite0");
  end(&batch, other);
  end(&batch, data);
  end(&batch, info);
  finish(&batch);
  return talk(fd, &batch, 1) == 0 && link_up(fd, PEER_INDEX) == 0 ? link_up(fd, ETH_INDEX) : -1;
}

/* Alone in its subnet: a route to neighbours would be longer, and come before the one to everything. */
static int add_address(int fd, int index) {
  struct batch batch = {.used = 0};
  struct addr addr = {.family = AF_INET, .prefix = 32, .index = (uint32_t)index};
  begin(&batch, NEWADDR, F_ACK | F_CREATE | F_EXCL, &addr, sizeof addr);
  put_be32(&batch, 2, BOX_ADDRESS);
  put_be32(&batch, 1, BOX_ADDRESS);
  finish(&batch);
  return talk(fd, &batch, 1);
}

/* What programs see as their default route. Nothing takes it: the next one comes before it. */
static int add_default(int fd) {
  struct batch batch = {.used = 0};
  struct route route = {.family = AF_INET, .table = 254, .protocol = 4, .scope = 253, .type = 1};
  begin(&batch, NEWROUTE, F_ACK | F_CREATE, &route, sizeof route);
  put_u32(&batch, 4, ETH_INDEX);
  finish(&batch);
  return talk(fd, &batch, 1);
}

/* Every address is here: what is sent anywhere comes back in through lo, where the rules catch it. */
static int add_everything(int fd) {
  struct batch batch = {.used = 0};
  struct route route = {.family = AF_INET, .table = 255, .protocol = 4, .scope = 254, .type = 2};
  begin(&batch, NEWROUTE, F_ACK | F_CREATE, &route, sizeof route);
  put_u32(&batch, 4, 1);
  put_be32(&batch, 7, BOX_ADDRESS);
  finish(&batch);
  return talk(fd, &batch, 1);
}

/* nftables */
struct generic {
  uint8_t family, version;
  uint16_t resource;
};
static const struct generic ip = {AF_INET, 0, 0};

static void nft(struct batch *batch, uint16_t type, uint16_t flags) {
  begin(batch, (uint16_t)(10 << 8 | type), F_ACK | F_CREATE | flags, &ip, sizeof ip);
}

static void chain(struct batch *batch, const char *name, uint32_t hook, int32_t priority) {
  nft(batch, 3, 0);
  put_text(batch, 1, "boxlite");
  put_text(batch, 3, name);
  size_t at = nest(batch, NESTED | 4);
  put_be32(batch, 1, hook);
  put_be32(batch, 2, (uint32_t)priority);
  end(batch, at);
  put_text(batch, 7, "filter");
  finish(batch);
}

static size_t open_rule(struct batch *batch, const char *name) {
  nft(batch, 6, F_APPEND);
  put_text(batch, 1, "boxlite");
  put_text(batch, 2, name);
  return nest(batch, NESTED | 4);
}

static void close_rule(struct batch *batch, size_t list) {
  end(batch, list);
  finish(batch);
}

struct expression {
  size_t element, data;
};

static struct expression expression(struct batch *batch, const char *name) {
  struct expression expression = {.element = nest(batch, NESTED | 1)};
  put_text(batch, 1, name);
  expression.data = nest(batch, NESTED | 2);
  return expression;
}

static void end_expression(struct batch *batch, struct expression expression) {
  end(batch, expression.data);
  end(batch, expression.element);
}

static void compare(struct batch *batch, const void *value, size_t length) {
  struct expression cmp = expression(batch, "cmp");
  put_be32(batch, 1, 1);
  put_be32(batch, 2, 0);
  size_t data = nest(batch, NESTED | 3);
  put(batch, 1, value, length);
  end(batch, data);
  end_expression(batch, cmp);
}

static void match_destination(struct batch *batch, uint32_t address, size_t bytes) {
  uint32_t value = htonl(address);
  struct expression payload = expression(batch, "payload");
  put_be32(batch, 1, 1);
  put_be32(batch, 2, 1);
  put_be32(batch, 3, 16);
  put_be32(batch, 4, (uint32_t)bytes);
  end_expression(batch, payload);
  compare(batch, &value, bytes);
}

static void match_protocol(struct batch *batch, uint8_t protocol) {
  struct expression meta = expression(batch, "meta");
  put_be32(batch, 1, 1);
  put_be32(batch, 2, 16);
  end_expression(batch, meta);
  compare(batch, &protocol, 1);
}

static void accept_it(struct batch *batch) {
  struct expression immediate = expression(batch, "immediate");
  put_be32(batch, 1, 0);
  size_t data = nest(batch, NESTED | 2), verdict = nest(batch, NESTED | 2);
  put_be32(batch, 1, 1);
  end(batch, verdict);
  end(batch, data);
  end_expression(batch, immediate);
}

static void catch_it(struct batch *batch, uint16_t port) {
  uint16_t value = htons(port);
  struct expression immediate = expression(batch, "immediate");
  put_be32(batch, 1, 1);
  size_t data = nest(batch, NESTED | 2);
  put(batch, 1, &value, 2);
  end(batch, data);
  end_expression(batch, immediate);
  struct expression tproxy = expression(batch, "tproxy");
  put_be32(batch, 1, AF_INET);
  put_be32(batch, 3, 1);
  end_expression(batch, tproxy);
}

static void reject_it(struct batch *batch, bool reset) {
  uint8_t code = 13; /* administratively prohibited */
  struct expression reject = expression(batch, "reject");
  put_be32(batch, 1, reset ? 1 : 0);
  if (!reset) put(batch, 2, &code, 1);
  end_expression(batch, reject);
}

static void accept_local(struct batch *batch, const char *name) {
  size_t list = open_rule(batch, name);
  match_destination(batch, INADDR_LOOPBACK, 1);
  accept_it(batch);
  close_rule(batch, list);
  list = open_rule(batch, name);
  match_destination(batch, BOX_ADDRESS, 4);
  accept_it(batch);
  close_rule(batch, list);
}

/* Into the sockets of the process; once that has gone, refused at once. */
static int add_rules(int fd, uint16_t tcp_port, uint16_t udp_port) {
  static struct batch batch;
  struct generic subsystem = {0, 0, htons(10)};
  const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
  const char *in = "in", *out = "out";
  batch.used = 0;
  begin(&batch, 16, 0, &subsystem, sizeof subsystem);
  finish(&batch);
  nft(&batch, 0, 0);
  put_text(&batch, 1, "boxlite");
  finish(&batch);
  chain(&batch, in, 0, -150);
  chain(&batch, out, 3, 0);
  accept_local(&batch, in);
  accept_local(&batch, out);
  for (int i = 0; i < 2; i++) {
    size_t list = open_rule(&batch, in);
    match_protocol(&batch, protocols[i]);
    catch_it(&batch, i == 0 ? tcp_port : udp_port);
    accept_it(&batch);
    close_rule(&batch, list);
    list = open_rule(&batch, out);
    match_protocol(&batch, protocols[i]);
    accept_it(&batch);
    close_rule(&batch, list);
  }
  size_t list = open_rule(&batch, in);
  match_protocol(&batch, IPPROTO_TCP);
  reject_it(&batch, true);
  close_rule(&batch, list);
  for (int i = 0; i < 2; i++) {
    list = open_rule(&batch, i == 0 ? in : out);
    reject_it(&batch, false);
    close_rule(&batch, list);
  }
  begin(&batch, 17, 0, &subsystem, sizeof subsystem);
  finish(&batch);
  return talk(fd, &batch, 3 + 4 + 4 + 3);
}

int netlink_configure(uint16_t tcp_port, uint16_t udp_port, const char **step) {
  int fd = netlink_socket(NETLINK_ROUTE_), index = ETH_INDEX;
  *step = "open netlink";
  if (fd < 0) return -1;
  *step = "set up the loopback interface";
  int outcome = link_up(fd, 1);
  if (outcome == 0 && make_pair(fd) != 0) index = 1; /* a kernel without veth: only lo, which is enough */
  *step = "set an address";
  if (outcome == 0) outcome = add_address(fd, index);
  if (outcome == 0 && index != 1) add_default(fd);
  *step = "set a route";
  if (outcome == 0) outcome = add_everything(fd);
  int error = errno;
  close(fd);
  errno = error;
  if (outcome != 0) return -1;
  *step = "set nftables rules (is nft_tproxy in the kernel?)";
  fd = netlink_socket(NETLINK_NETFILTER_);
  if (fd < 0) return -1;
  outcome = add_rules(fd, tcp_port, udp_port);
  error = errno;
  close(fd);
  errno = error;
  return outcome;
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
