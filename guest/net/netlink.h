/* Messages to the kernel about interfaces, routes and nftables. */
#ifndef BOXLITE_NET_NETLINK_H
#define BOXLITE_NET_NETLINK_H

#include <stddef.h>
#include <stdint.h>

/* musl brings no kernel headers: what is used of them. */
enum { NETLINK_ROUTE_ = 0, NETLINK_NETFILTER_ = 12 };
enum { F_REQUEST = 1, F_ACK = 4, F_EXCL = 0x200, F_CREATE = 0x400, F_APPEND = 0x800 };
enum { NESTED = 0x8000 };

struct head {
  uint32_t length;
  uint16_t type, flags;
  uint32_t sequence, pid;
};
struct route {
  uint8_t family, dst, src, tos, table, protocol, scope, type;
  uint32_t flags;
};

/* Messages that are sent together; the attributes of one stand between `begin` and `finish`. */
struct batch {
  union {
    struct head align;
    uint8_t bytes[8192];
  };
  size_t used, message;
};

void begin(struct batch *batch, uint16_t type, uint16_t flags, const void *body, size_t length);
void finish(struct batch *batch);
size_t put(struct batch *batch, uint16_t type, const void *value, size_t length);
void put_text(struct batch *batch, uint16_t type, const char *text);
void put_u32(struct batch *batch, uint16_t type, uint32_t value);
void put_be32(struct batch *batch, uint16_t type, uint32_t value);
/* An attribute that holds what is put until `end` is called with what this returns. */
size_t nest(struct batch *batch, uint16_t type);
void end(struct batch *batch, size_t at);

/* Of a netlink protocol, with some patience; -1 with errno. */
int netlink_socket(int protocol);
/* Sends all of it and reads `answers` acknowledgements; the first error counts: -1 with errno. */
int talk(int fd, struct batch *batch, int answers);

#endif
