#include "relay.h"

#include <errno.h>
#include <sys/socket.h>

#include "../loopback.h"

enum { BROKEN_KEPT = RELAYS_MAX };
/* Where in the box a stream inward is tried, in this order. */
enum { AT_LOOPBACK, AT_OWN, AT_LOOPBACK_6, AT_GUEST };

static uint64_t last_id, broken[BROKEN_KEPT];
static size_t broken_at;

void inward_broke(const struct relay *relay) {
  broken[broken_at] = relay->id;
  broken_at = (broken_at + 1) % BROKEN_KEPT;
}

bool relay_broken(uint64_t id) {
  for (size_t i = 0; i < BROKEN_KEPT; i++)
    if (broken[i] == id) return id != 0;
  return false;
}

static void ask_guest(struct side *side) {
  uint16_t port = htons(side->relay->to.port);
  side->asking = true;
  if (send(side->watch.fd, &port, sizeof port, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof port) relay_rewatch(side->relay);
  else relay_failed(side->relay, ECONNREFUSED);
}

/* A server may listen on any of these. The loopback of a stack of its own cannot be reached from here: the guest does that. */
static void connect_box(struct relay *relay) {
  uint32_t loopback = htonl(INADDR_LOOPBACK), own = htonl(BOX_ADDRESS);
  struct endpoint to = {.address = address_from_v4(&own), .port = relay->to.port};
  if (relay->place == AT_LOOPBACK) to.address = address_from_v4(&loopback);
  if (relay->place == AT_LOOPBACK_6) to.address = (struct address){{[15] = 1}};
  if (relay->place == AT_GUEST) to.port = LOOPBACK_PORT;
  int fd = inside_socket(&inside, relay->place == AT_LOOPBACK_6 ? AF_INET6 : AF_INET, SOCK_STREAM);
  if (fd < 0) relay_failed(relay, relay->place == AT_LOOPBACK_6 ? ECONNREFUSED : errno);
  else relay_reach(&relay->box, fd, &to);
}

/* False when there is no other to try. */
static bool next_place(struct relay *relay) {
  if (relay->place == AT_LOOPBACK_6 || relay->place == AT_GUEST) return false;
  relay->place = relay->place == AT_LOOPBACK ? AT_OWN : inside.own_stack ? AT_GUEST : AT_LOOPBACK_6;
  return true;
}

void inward_connected(struct side *side, int error) {
  struct relay *relay = side->relay;
  if (error == 0 && relay->place == AT_GUEST) {
    ask_guest(side);
    return;
  }
  if (error == 0) {
    relay_opened(relay);
    return;
  }
  if (!next_place(relay)) {
    relay_failed(relay, ECONNREFUSED);
    return;
  }
  side_end(side, true);
  connect_box(relay);
}

void inward_answered(struct side *side) {
  uint8_t answer = LOOPBACK_REFUSED;
  ssize_t length = recv(side->watch.fd, &answer, 1, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length == 1 && answer == LOOPBACK_OPEN) relay_opened(side->relay);
  else relay_failed(side->relay, ECONNREFUSED);
}

void relay_inward(int outside, uint16_t port, void (*answered)(int outside, int error, uint64_t id)) {
  struct relay *relay = relay_new(outside, -1);
  if (!relay) return;
  relay->to.port = port;
  relay->inward = true;
  relay->id = ++last_id;
  relay->answered = answered;
  relay->place = !inside.own_stack ? AT_LOOPBACK : port == LOOPBACK_PORT ? AT_GUEST : AT_OWN;
  connect_box(relay);
}
