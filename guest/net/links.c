#include "internal.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

enum { NEWLINK = 16, NEWADDR = 20, NEWROUTE = 24, NEWNEIGH = 28 };
enum { TABLE_MAIN = 254, TABLE_LOCAL = 255, UNICAST = 1, LOCAL = 2, SCOPE_LINK = 253, SCOPE_HOST = 254, ON_LINK = 4 };
/* The most that veth takes: a datagram of any size is one packet. */
enum { WIRE_MTU = 65535 };
/* The most that needs no scale. With one, kernel and stack can wait for each other for ever: see 0006-gvisor.md. */
enum { UNSCALED_WINDOW = 65535 };

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
struct neighbour {
  uint8_t family, pad[3];
  int32_t index;
  uint16_t state;
  uint8_t flags, type;
};

/* There is nobody else on this wire: the same in every box. */
static const uint8_t box_mac[6] = {0x02, 0, 192, 168, 127, 2}, peer_mac[6] = {0x02, 0, 192, 168, 127, 1};

static int link_up(int fd, int index) {
  struct batch batch = {.used = 0};
  begin(&batch, NEWLINK, F_ACK, &(struct link){.index = index, .flags = IFF_UP, .change = IFF_UP}, sizeof(struct link));
  finish(&batch);
  return talk(fd, &batch, 1);
}

/* Fails where the kernel has no IPv6, which is as good. */
static void without_ipv6(int fd, int index) {
  struct batch batch = {.used = 0};
  uint8_t none = 1;
  begin(&batch, NEWLINK, F_ACK, &(struct link){.index = index}, sizeof(struct link));
  size_t families = nest(&batch, NESTED | 26), inet6 = nest(&batch, NESTED | AF_INET6);
  put(&batch, 8, &none, 1);
  end(&batch, inet6);
  end(&batch, families);
  finish(&batch);
  talk(fd, &batch, 1);
}

static void put_wire(struct batch *batch, const char *name, const uint8_t mac[6], bool own_stack) {
  put_text(batch, 3, name);
  if (!own_stack) return;
  put_u32(batch, 4, WIRE_MTU);
  put(batch, 1, mac, 6);
}

/* Both ends stay here. Programs look for an interface that is not lo, but nothing travels on it; a stack of its own takes
   one end, and what it sends comes out of the other. */
static int make_pair(int fd, bool own_stack) {
  struct batch batch = {.used = 0};
  struct link link = {.index = ETH_INDEX}, peer = {.index = PEER_INDEX};
  begin(&batch, NEWLINK, F_ACK | F_CREATE | F_EXCL, &link, sizeof link);
  put_wire(&batch, "eth0", box_mac, own_stack);
  size_t info = nest(&batch, 18);
  put_text(&batch, 1, "veth");
  size_t data = nest(&batch, 2), other = put(&batch, 1, &peer, sizeof peer);
  put_wire(&batch, "boxlite0", peer_mac, own_stack);
  end(&batch, other);
  end(&batch, data);
  end(&batch, info);
  finish(&batch);
  if (talk(fd, &batch, 1) != 0) return -1;
  if (own_stack) without_ipv6(fd, PEER_INDEX), without_ipv6(fd, ETH_INDEX);
  return link_up(fd, PEER_INDEX) == 0 ? link_up(fd, ETH_INDEX) : -1;
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

/* `to` on `index`, through `gateway`, as `from`, TCP with that window at most: 0 for everything and nothing. */
static int add_route(int fd, struct route route, uint32_t to, int index, uint32_t gateway, uint32_t from,
                     uint32_t window) {
  struct batch batch = {.used = 0};
  route.family = AF_INET;
  route.dst = to ? 32 : 0;
  route.protocol = 4;
  begin(&batch, NEWROUTE, F_ACK | F_CREATE, &route, sizeof route);
  if (to) put_be32(&batch, 1, to);
  put_u32(&batch, 4, (uint32_t)index);
  if (gateway) put_be32(&batch, 5, gateway);
  if (from) put_be32(&batch, 7, from);
  if (window) {
    size_t metrics = nest(&batch, 8);
    put_u32(&batch, 3, window);
    put_u32(&batch, 8, window / 2); /* two segments are on their way at once */
    end(&batch, metrics);
  }
  finish(&batch);
  return talk(fd, &batch, 1);
}

static int add_neighbour(int fd, int index, uint32_t address, const uint8_t mac[6]) {
  struct batch batch = {.used = 0};
  struct neighbour neighbour = {.family = AF_INET, .index = index, .state = 0x80};
  begin(&batch, NEWNEIGH, F_ACK | F_CREATE, &neighbour, sizeof neighbour);
  put_be32(&batch, 1, address);
  put(&batch, 2, mac, 6);
  finish(&batch);
  return talk(fd, &batch, 1);
}

/* Every address is here: what is sent anywhere comes back in through lo, where the rules catch it. */
static int add_everything(int fd, uint32_t from) {
  return add_route(fd, (struct route){.table = TABLE_LOCAL, .scope = SCOPE_HOST, .type = LOCAL}, 0, 1, 0, from, 0);
}

static int lay_for_kernel(int fd, const char **step) {
  int index = make_pair(fd, false) == 0 ? ETH_INDEX : 1; /* a kernel without veth: only lo, which is enough */
  *step = "set an address";
  if (add_address(fd, index) != 0) return -1;
  *step = "set a route";
  /* What programs see as their default route. Nothing takes it: the next one comes before it. */
  struct route seen = {.table = TABLE_MAIN, .scope = SCOPE_LINK, .type = UNICAST};
  if (index != 1) add_route(fd, seen, 0, ETH_INDEX, 0, 0, 0);
  return add_everything(fd, BOX_ADDRESS);
}

/* The stack takes the address and the routes of eth0, and away from it. What stays leads to it by the other end, and is no
   local address: `from` must not be the box's, whose routes go with it. */
static int lay_for_own_stack(int fd, const char **step) {
  struct route through = {.table = TABLE_MAIN, .type = UNICAST, .flags = ON_LINK};
  struct route back = {.table = TABLE_LOCAL, .scope = SCOPE_LINK, .type = UNICAST};
  *step = "make a veth pair (is it in the kernel?)";
  if (make_pair(fd, true) != 0) return -1;
  *step = "set an address";
  if (add_address(fd, ETH_INDEX) != 0 || add_neighbour(fd, ETH_INDEX, GATEWAY_ADDRESS, peer_mac) != 0 ||
      add_neighbour(fd, PEER_INDEX, BOX_ADDRESS, box_mac) != 0)
    return -1;
  *step = "set a route";
  return add_route(fd, through, 0, ETH_INDEX, GATEWAY_ADDRESS, 0, 0) == 0 && add_everything(fd, 0) == 0
             ? add_route(fd, back, BOX_ADDRESS, PEER_INDEX, 0, GATEWAY_ADDRESS, UNSCALED_WINDOW)
             : -1;
}

int links_configure(bool own_stack, const char **step) {
  int fd = netlink_socket(NETLINK_ROUTE_);
  *step = "open netlink";
  if (fd < 0) return -1;
  *step = "set up the loopback interface";
  int outcome = link_up(fd, 1);
  if (outcome == 0) outcome = own_stack ? lay_for_own_stack(fd, step) : lay_for_kernel(fd, step);
  int error = errno;
  close(fd);
  errno = error;
  return outcome;
}
