#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

enum { DROP = 0, ACCEPT = 1, UNREACHABLE = 3 };

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

enum { NETWORK_HEADER = 1, TRANSPORT_HEADER = 2 };

static void match_payload(struct batch *batch, uint32_t header, uint32_t offset, const void *value, size_t bytes) {
  struct expression payload = expression(batch, "payload");
  put_be32(batch, 1, 1);
  put_be32(batch, 2, header);
  put_be32(batch, 3, offset);
  put_be32(batch, 4, (uint32_t)bytes);
  end_expression(batch, payload);
  compare(batch, value, bytes);
}

/* The first `bytes` of the address. */
static void match_destination(struct batch *batch, uint32_t address, size_t bytes) {
  uint32_t value = htonl(address);
  match_payload(batch, NETWORK_HEADER, 16, &value, bytes);
}

static void match_meta(struct batch *batch, uint32_t key, const void *value, size_t bytes) {
  struct expression meta = expression(batch, "meta");
  put_be32(batch, 1, 1);
  put_be32(batch, 2, key);
  end_expression(batch, meta);
  compare(batch, value, bytes);
}

static void match_protocol(struct batch *batch, uint8_t protocol) { match_meta(batch, 16, &protocol, 1); }

static void match_interface(struct batch *batch, uint32_t index) { match_meta(batch, 4, &index, sizeof index); }

static void decide(struct batch *batch, uint32_t verdict) {
  struct expression immediate = expression(batch, "immediate");
  put_be32(batch, 1, 0);
  size_t data = nest(batch, NESTED | 2), code = nest(batch, NESTED | 2);
  put_be32(batch, 1, verdict);
  end(batch, code);
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
  decide(batch, ACCEPT);
  close_rule(batch, list);
  list = open_rule(batch, name);
  match_destination(batch, BOX_ADDRESS, 4);
  decide(batch, ACCEPT);
  close_rule(batch, list);
}

/* What comes out of eth0 is for the stack that has it, not for this one. */
static int drop_for_own_stack(struct batch *batch) {
  size_t list = open_rule(batch, "in");
  match_interface(batch, ETH_INDEX);
  decide(batch, DROP);
  close_rule(batch, list);
  return 1;
}

/* Answers to what was sent into the box: those that no rule before has caught have a socket of their own. */
static int accept_answers(struct batch *batch, const uint8_t protocols[2]) {
  uint8_t unreachable = UNREACHABLE;
  for (int i = 0; i < 2; i++) {
    size_t list = open_rule(batch, "in");
    match_destination(batch, GATEWAY_ADDRESS, 4);
    match_protocol(batch, protocols[i]);
    decide(batch, ACCEPT);
    close_rule(batch, list);
  }
  size_t list = open_rule(batch, "in");
  match_destination(batch, GATEWAY_ADDRESS, 4);
  match_protocol(batch, IPPROTO_ICMP);
  match_payload(batch, TRANSPORT_HEADER, 0, &unreachable, 1);
  decide(batch, ACCEPT);
  close_rule(batch, list);
  return 3;
}

/* Into the sockets of the process; once that has gone, refused at once. */
static int add_rules(int fd, bool own_stack, uint16_t tcp_port, uint16_t udp_port) {
  static struct batch batch;
  struct generic subsystem = {0, 0, htons(10)};
  const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
  const char *in = "in", *out = "out";
  int answers = 3 + 4 + 4 + 3;
  batch.used = 0;
  begin(&batch, 16, 0, &subsystem, sizeof subsystem);
  finish(&batch);
  nft(&batch, 0, 0);
  put_text(&batch, 1, "boxlite");
  finish(&batch);
  chain(&batch, in, 0, -150);
  chain(&batch, out, 3, 0);
  if (own_stack) answers += drop_for_own_stack(&batch);
  accept_local(&batch, in);
  accept_local(&batch, out);
  for (int i = 0; i < 2; i++) {
    size_t list = open_rule(&batch, in);
    match_protocol(&batch, protocols[i]);
    catch_it(&batch, i == 0 ? tcp_port : udp_port);
    decide(&batch, ACCEPT);
    close_rule(&batch, list);
    list = open_rule(&batch, out);
    match_protocol(&batch, protocols[i]);
    decide(&batch, ACCEPT);
    close_rule(&batch, list);
  }
  if (own_stack) answers += accept_answers(&batch, protocols);
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
  return talk(fd, &batch, answers);
}

int catch_configure(bool own_stack, uint16_t tcp_port, uint16_t udp_port, const char **step) {
  *step = "set nftables rules (is nft_tproxy in the kernel?)";
  int fd = netlink_socket(NETLINK_NETFILTER_);
  if (fd < 0) return -1;
  int outcome = add_rules(fd, own_stack, tcp_port, udp_port);
  int error = errno;
  close(fd);
  errno = error;
  return outcome;
}
