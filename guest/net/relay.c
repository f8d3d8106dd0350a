#include "internal.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../loopback.h"

enum { PIECE = 64 * 1024, ROUNDS = 4, CONNECT_MS = 30000, BROKEN_KEPT = RELAYS_MAX };
/* How many relays get how much of the kernel's memory for each direction of a socket; the first as much as it likes. */
enum { WIDE_RELAYS = 64, MIDDLE_RELAYS = 512, MIDDLE_BUFFER = 64 * 1024, NARROW_BUFFER = 16 * 1024 };

struct side {
  struct watch watch;
  struct relay *relay;
  uint8_t *held; /* waits to be written here; at most PIECE, or INSPECT_ROOM */
  uint32_t start, length;
  bool connecting, asking, ended, shut; /* asking: it is connected, and the guest is to connect further */
};

/* Where in the box a stream inward is tried, in this order. */
enum { AT_LOOPBACK, AT_OWN, AT_LOOPBACK_6, AT_GUEST };

struct relay {
  struct side box, out;
  struct relay *next, **link;
  struct endpoint to;
  uint64_t deadline; /* 0: none */
  void (*answered)(int outside, int error, uint64_t id);
  uint64_t id;
  struct response response;
  uint8_t place;
  bool inspecting, inward, opened;
};

static struct relay *relays;
static uint64_t last_id, broken[BROKEN_KEPT];
static size_t broken_at;
static unsigned count, timed, most = RELAYS_MAX;

void relay_limit(unsigned max) { most = max < RELAYS_MAX ? max : RELAYS_MAX; }
bool relay_full(void) { return count >= most; }

void reset_close(int fd) {
  struct linger now = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

/* The memory of the box does not count what waits in these: many that stall must not take the host's. */
static void limit_buffers(int fd) {
  int size = count > MIDDLE_RELAYS ? NARROW_BUFFER : MIDDLE_BUFFER;
  if (fd < 0 || count <= WIDE_RELAYS) return;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static void set_deadline(struct relay *relay, uint64_t ms) {
  timed += (ms != 0) - (relay->deadline != 0);
  relay->deadline = ms ? now_ms() + ms : 0;
}

static void end_side(struct side *side, bool reset) {
  int fd = side->watch.fd;
  free(side->held);
  side->held = NULL;
  if (fd < 0) return;
  watch_set(&side->watch, 0);
  side->watch.fd = -1;
  if (reset) reset_close(fd);
  else close(fd);
}

static void end_relay(struct relay *relay, bool reset) {
  set_deadline(relay, 0);
  /* After the end of the box was passed on, everything that it said has been heard. */
  if (reset && relay->opened && relay->answered && !relay->out.shut) {
    broken[broken_at] = relay->id;
    broken_at = (broken_at + 1) % BROKEN_KEPT;
  }
  end_side(&relay->box, reset);
  end_side(&relay->out, reset);
  *relay->link = relay->next;
  if (relay->next) relay->next->link = relay->link;
  if (relay->opened) usage.open--;
  if (relay->opened && relay->inward) {
    usage.inward--;
    usage.inward_at = now_ms();
  }
  count--;
  free_later(relay);
}

static void rewatch(struct side *side, const struct side *other) {
  struct relay *relay = side->relay;
  bool held_back = relay->inspecting && side == &relay->out;
  bool space = other->length == 0 || (relay->inspecting && side == &relay->box);
  bool ready = !relay->box.connecting && !relay->out.connecting && (other->watch.fd >= 0 || relay->inspecting);
  uint32_t events = 0;
  if (side->asking && side->connecting) events |= EPOLLIN;
  else if (side->connecting || (side->length > 0 && !held_back)) events |= EPOLLOUT;
  if (!side->ended && space && ready) events |= EPOLLIN;
  /* With nothing to wait for, only the end of the connection is told, and once. */
  watch_set(&side->watch, events ? events : EPOLLET);
}

static void rewatch_both(struct relay *relay) {
  rewatch(&relay->box, &relay->out);
  rewatch(&relay->out, &relay->box);
}

/* Holds what could not be written yet. */
static bool hold(struct side *side, const uint8_t *bytes, size_t length) {
  size_t size = side->relay->inspecting && side == &side->relay->out ? INSPECT_ROOM : length;
  if (!side->held) {
    side->held = malloc(size);
    side->start = side->length = 0;
  }
  if (!side->held) return false;
  memcpy(side->held + side->length, bytes, length);
  side->length += (uint32_t)length;
  return true;
}

/* What was written, -1 when the connection broke. */
static ssize_t write_some(struct side *side, const uint8_t *bytes, size_t length) {
  ssize_t sent = send(side->watch.fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (side == &side->relay->out) usage.sent += (uint64_t)sent;
  else usage.received += (uint64_t)sent;
  return sent;
}

static bool flush(struct side *side) {
  if (side->length == 0) return true;
  ssize_t sent = write_some(side, side->held + side->start, side->length);
  if (sent < 0) return false;
  side->start += (uint32_t)sent;
  side->length -= (uint32_t)sent;
  if (side->length == 0) {
    free(side->held);
    side->held = NULL;
  }
  return true;
}

/* Hands the end of one direction on once everything before it is written; false when both are through. */
static bool pass_end(struct side *from, struct side *to) {
  if (from->ended && !to->shut && to->length == 0 && to->watch.fd >= 0 && !to->connecting) {
    shutdown(to->watch.fd, SHUT_WR);
    to->shut = true;
  }
  return !(from->shut && to->shut);
}

static void connect_out(struct relay *relay);

/* Servers skip empty lines before a request: they go on at once, and what comes behind them is still looked at. */
static bool pass_blank(struct side *out) {
  uint32_t blank = 0;
  while (blank < out->length && (out->held[blank] == '\r' || out->held[blank] == '\n')) blank++;
  if (blank > 0 && write_some(out, out->held, blank) != (ssize_t)blank) return false;
  out->length -= blank;
  memmove(out->held, out->held + blank, out->length);
  return true;
}

/* Looks at what the box has sent first. False when the relay has ended. */
static bool look(struct relay *relay) {
  struct side *out = &relay->out;
  if (out->watch.fd >= 0 && out->length > 0 && !pass_blank(out)) {
    end_relay(relay, true);
    return false;
  }
  switch (inspect(&relay->to, out->held, &out->length, relay->box.ended, &relay->response)) {
    case VERDICT_BY_NAME: return true;
    case VERDICT_REFUSED: end_relay(relay, true); return false;
    default: break;
  }
  relay->inspecting = false;
  set_deadline(relay, 0);
  if (out->watch.fd < 0) {
    connect_out(relay);
    return false; /* it goes on, or has ended, there */
  }
  if (flush(out)) return true;
  end_relay(relay, true);
  return false;
}

/* Puts in what the answer to a request is to say. The length. */
static ssize_t follow(struct response *response, ssize_t length) {
  ssize_t at = response_follow(response, scratch, (size_t)length), size = (ssize_t)strlen(response_field);
  if (at < 0) return length;
  memmove(scratch + at + size, scratch + at, (size_t)(length - at));
  memcpy(scratch + at, response_field, (size_t)size);
  return length + size;
}

/* Carries what is there from one side to the other. False when the relay has ended. */
static bool carry(struct side *from, struct side *to) {
  struct relay *relay = from->relay;
  bool inspected = relay->inspecting && from == &relay->box;
  for (int round = 0; round < ROUNDS && !from->ended && (inspected || to->length == 0); round++) {
    size_t room = inspected ? INSPECT_MAX - to->length : PIECE;
    ssize_t length = recv(from->watch.fd, scratch, room, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (length < 0) {
      end_relay(relay, true);
      return false;
    }
    if (length == 0) from->ended = true;
    if (inspected) {
      if (length > 0 && !hold(to, scratch, (size_t)length)) {
        end_relay(relay, true);
        return false;
      }
      if (!look(relay)) return false;
      if (relay->inspecting) continue;
      break;
    }
    bool all = length < (ssize_t)room;
    if (from == &relay->out && relay->response.phase != RESPONSE_UNTOUCHED) length = follow(&relay->response, length);
    ssize_t sent = length > 0 ? write_some(to, scratch, (size_t)length) : 0;
    if (sent < 0 || (sent < length && !hold(to, scratch + sent, (size_t)(length - sent)))) {
      end_relay(relay, true);
      return false;
    }
    if (all) break;
  }
  if (!pass_end(from, to)) {
    end_relay(relay, false);
    return false;
  }
  return true;
}

static void opened(struct relay *relay) {
  relay->box.connecting = relay->out.connecting = false;
  relay->opened = true;
  set_deadline(relay, 0);
  usage.total++;
  usage.open++;
  if (relay->inward) usage.inward++;
  if (relay->answered) relay->answered(relay->out.watch.fd, 0, relay->id);
  if (!relay->inspecting && !flush(&relay->out)) {
    end_relay(relay, true);
    return;
  }
  if (pass_end(&relay->box, &relay->out)) rewatch_both(relay);
  else end_relay(relay, false);
}

static void failed(struct relay *relay, int error) {
  usage.failed++;
  if (relay->answered) {
    relay->answered(relay->out.watch.fd, error, relay->id);
    end_side(&relay->out, false);
  }
  end_relay(relay, true);
}

static void connected(struct side *side, int error);

static void ask_guest(struct side *side) {
  uint16_t port = htons(side->relay->to.port);
  side->asking = true;
  if (send(side->watch.fd, &port, sizeof port, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof port) rewatch_both(side->relay);
  else failed(side->relay, ECONNREFUSED);
}

static void connect_side(struct side *side, int fd, const struct endpoint *to) {
  struct sockaddr_storage target;
  socklen_t length = endpoint_to(to, &target);
  int on = 1;
  side->watch.fd = fd;
  side->connecting = true;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  limit_buffers(fd);
  set_deadline(side->relay, CONNECT_MS);
  if (connect(fd, (struct sockaddr *)&target, length) != 0 && errno != EINPROGRESS) connected(side, errno);
  else rewatch_both(side->relay);
}

static void connect_out(struct relay *relay) {
  int fd = socket(address_is_v4(&relay->to.address) ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) failed(relay, errno);
  else connect_side(&relay->out, fd, &relay->to);
}

/* A server may listen on any of these. The loopback of a stack of its own cannot be reached from here: the guest does that. */
static void connect_box(struct relay *relay) {
  uint32_t loopback = htonl(INADDR_LOOPBACK), own = htonl(BOX_ADDRESS);
  struct endpoint to = {.address = address_from_v4(&own), .port = relay->to.port};
  if (relay->place == AT_LOOPBACK) to.address = address_from_v4(&loopback);
  if (relay->place == AT_LOOPBACK_6) to.address = (struct address){{[15] = 1}};
  if (relay->place == AT_GUEST) to.port = LOOPBACK_PORT;
  int fd = inside_socket(&inside, relay->place == AT_LOOPBACK_6 ? AF_INET6 : AF_INET, SOCK_STREAM);
  if (fd < 0) failed(relay, relay->place == AT_LOOPBACK_6 ? ECONNREFUSED : errno);
  else connect_side(&relay->box, fd, &to);
}

/* False when there is no other to try. */
static bool next_place(struct relay *relay) {
  if (!relay->inward || relay->place == AT_LOOPBACK_6 || relay->place == AT_GUEST) return false;
  relay->place = relay->place == AT_LOOPBACK ? AT_OWN : inside.own_stack ? AT_GUEST : AT_LOOPBACK_6;
  return true;
}

static void connected(struct side *side, int error) {
  struct relay *relay = side->relay;
  if (error == 0 && relay->place == AT_GUEST) {
    ask_guest(side);
    return;
  }
  if (error == 0) {
    opened(relay);
    return;
  }
  if (!next_place(relay)) {
    failed(relay, relay->inward ? ECONNREFUSED : error);
    return;
  }
  end_side(side, true);
  connect_box(relay);
}

/* Whether the guest has reached the port on the loopback of the box. */
static void guest_answered(struct side *side) {
  uint8_t answer = LOOPBACK_REFUSED;
  ssize_t length = recv(side->watch.fd, &answer, 1, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length == 1 && answer == LOOPBACK_OPEN) opened(side->relay);
  else failed(side->relay, ECONNREFUSED);
}

static void ready(struct watch *watch, uint32_t events) {
  struct side *side = (struct side *)watch;
  struct relay *relay = side->relay;
  struct side *other = side == &relay->box ? &relay->out : &relay->box;
  if (side->asking && side->connecting) {
    guest_answered(side);
    return;
  }
  if (side->connecting) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    connected(side, error);
    return;
  }
  if (events & EPOLLOUT) {
    if (!flush(side)) {
      end_relay(relay, true);
      return;
    }
    if (!pass_end(other, side)) {
      end_relay(relay, false);
      return;
    }
  }
  if ((watch->events & EPOLLIN) && (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))) {
    if (!carry(side, other)) return;
  } else if ((events & EPOLLERR) || ((events & EPOLLHUP) && side->ended && !side->shut)) {
    end_relay(relay, true);
    return;
  }
  rewatch_both(relay);
}

static struct relay *new_relay(int outside, int box) {
  struct relay *relay = calloc(1, sizeof *relay);
  if (!relay) {
    if (outside >= 0) reset_close(outside);
    if (box >= 0) reset_close(box);
    return NULL;
  }
  relay->box.watch = (struct watch){ready, box, 0};
  relay->out.watch = (struct watch){ready, outside, 0};
  relay->box.relay = relay->out.relay = relay;
  relay->next = relays;
  relay->link = &relays;
  if (relays) relays->link = &relay->next;
  relays = relay;
  count++;
  limit_buffers(outside);
  limit_buffers(box);
  return relay;
}

void relay_outward(int box, const struct endpoint *to, bool by_name) {
  int on = 1;
  struct relay *relay = new_relay(-1, box);
  if (!relay) return;
  setsockopt(box, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  relay->to = *to;
  relay->inspecting = by_name;
  if (by_name && inspect_strict(to->port)) {
    set_deadline(relay, INSPECT_MS);
    rewatch_both(relay);
  } else {
    connect_out(relay);
  }
}

bool relay_broken(uint64_t id) {
  for (size_t i = 0; i < BROKEN_KEPT; i++)
    if (broken[i] == id) return id != 0;
  return false;
}

void relay_inward(int outside, uint16_t port, void (*answered)(int outside, int error, uint64_t id)) {
  struct relay *relay = new_relay(outside, -1);
  if (!relay) return;
  relay->to.port = port;
  relay->inward = true;
  relay->id = ++last_id;
  relay->answered = answered;
  relay->place = !inside.own_stack ? AT_LOOPBACK : port == LOOPBACK_PORT ? AT_GUEST : AT_OWN;
  connect_box(relay);
}

bool relay_tick(uint64_t now) {
  if (timed == 0) return false;
  for (struct relay *relay = relays, *next; relay; relay = next) {
    next = relay->next;
    if (!relay->deadline || relay->deadline > now) continue;
    if (relay->out.watch.fd >= 0) {
      failed(relay, ETIMEDOUT);
    } else {
      inspect_late(&relay->to);
      end_relay(relay, true);
    }
  }
  return timed > 0;
}
