#include "relay.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, ROUNDS = 4, CONNECT_MS = 30000 };
/* How many relays get how much of the kernel's memory for each direction of a socket; the first as much as it likes. */
enum { WIDE_RELAYS = 64, MIDDLE_RELAYS = 512, MIDDLE_BUFFER = 64 * 1024, NARROW_BUFFER = 16 * 1024 };

static struct relay *relays;
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

void relay_deadline(struct relay *relay, uint64_t ms) {
  timed += (ms != 0) - (relay->deadline != 0);
  relay->deadline = ms ? now_ms() + ms : 0;
}

void side_end(struct side *side, bool reset) {
  int fd = side->watch.fd;
  free(side->held);
  side->held = NULL;
  if (fd < 0) return;
  watch_set(&side->watch, 0);
  side->watch.fd = -1;
  if (reset) reset_close(fd);
  else close(fd);
}

void relay_end(struct relay *relay, bool reset) {
  relay_deadline(relay, 0);
  /* After the end of the box was passed on, everything that it said has been heard. */
  if (reset && relay->opened && relay->answered && !relay->out.shut) {
    inward_broke(relay);
  }
  side_end(&relay->box, reset);
  side_end(&relay->out, reset);
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

void relay_rewatch(struct relay *relay) {
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
ssize_t side_write(struct side *side, const uint8_t *bytes, size_t length) {
  ssize_t sent = send(side->watch.fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (side == &side->relay->out) usage.sent += (uint64_t)sent;
  else usage.received += (uint64_t)sent;
  return sent;
}

bool side_flush(struct side *side) {
  ssize_t sent = side->length > 0 ? side_write(side, side->held + side->start, side->length) : 0;
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

/* It takes nothing more. What it said before that is still there, such as the answer of a server that then closed with a part
   of the request unread. What would have to be looked at first is not passed on. */
static void side_broke(struct side *side) {
  struct relay *relay = side->relay;
  struct side *other = side == &relay->box ? &relay->out : &relay->box;
  for (int round = 0; round < ROUNDS && !relay->inspecting && other->length == 0; round++) {
    ssize_t length = recv(side->watch.fd, scratch, PIECE, MSG_DONTWAIT);
    if (length <= 0) break;
    if (side == &relay->out && relay->response.phase != RESPONSE_UNTOUCHED) length = outward_follow(&relay->response, length);
    if (side_write(other, scratch, (size_t)length) != length) break;
  }
  relay_end(relay, true);
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
      relay_end(relay, true);
      return false;
    }
    if (length == 0) from->ended = true;
    if (inspected) {
      if (length > 0 && !hold(to, scratch, (size_t)length)) {
        relay_end(relay, true);
        return false;
      }
      if (!outward_look(relay)) return false;
      if (relay->inspecting) continue;
      break;
    }
    bool all = length < (ssize_t)room;
    if (from == &relay->out && relay->response.phase != RESPONSE_UNTOUCHED) length = outward_follow(&relay->response, length);
    ssize_t sent = length > 0 ? side_write(to, scratch, (size_t)length) : 0;
    if (sent < 0) {
      side_broke(to);
      return false;
    }
    if (sent < length && !hold(to, scratch + sent, (size_t)(length - sent))) {
      relay_end(relay, true);
      return false;
    }
    if (all) break;
  }
  if (!pass_end(from, to)) {
    relay_end(relay, false);
    return false;
  }
  return true;
}

void relay_opened(struct relay *relay) {
  relay->box.connecting = relay->out.connecting = false;
  relay->opened = true;
  relay_deadline(relay, 0);
  usage.total++;
  usage.open++;
  if (relay->inward) usage.inward++;
  if (relay->answered) relay->answered(relay->out.watch.fd, 0, relay->id);
  if (!relay->inspecting && !side_flush(&relay->out)) {
    relay_end(relay, true);
    return;
  }
  if (pass_end(&relay->box, &relay->out)) relay_rewatch(relay);
  else relay_end(relay, false);
}

void relay_failed(struct relay *relay, int error) {
  usage.failed++;
  if (relay->answered) {
    relay->answered(relay->out.watch.fd, error, relay->id);
    side_end(&relay->out, false);
  }
  relay_end(relay, true);
}

/* How the connecting of that side went. */
static void connected(struct side *side, int error) {
  struct relay *relay = side->relay;
  if (relay->inward) inward_connected(side, error);
  else if (error == 0) relay_opened(relay);
  else relay_failed(relay, error);
}

void relay_reach(struct side *side, int fd, const struct endpoint *to) {
  struct sockaddr_storage target;
  socklen_t length = endpoint_to(to, &target);
  int on = 1;
  side->watch.fd = fd;
  side->connecting = true;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  limit_buffers(fd);
  relay_deadline(side->relay, CONNECT_MS);
  if (connect(fd, (struct sockaddr *)&target, length) != 0 && errno != EINPROGRESS) connected(side, errno);
  else relay_rewatch(side->relay);
}

static void ready(struct watch *watch, uint32_t events) {
  struct side *side = (struct side *)watch;
  struct relay *relay = side->relay;
  struct side *other = side == &relay->box ? &relay->out : &relay->box;
  if (side->asking && side->connecting) {
    inward_answered(side);
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
    if (!side_flush(side)) {
      side_broke(side);
      return;
    }
    if (!pass_end(other, side)) {
      relay_end(relay, false);
      return;
    }
  }
  if ((watch->events & EPOLLIN) && (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))) {
    if (!carry(side, other)) return;
  } else if ((events & EPOLLERR) || ((events & EPOLLHUP) && side->ended && !side->shut)) {
    relay_end(relay, true);
    return;
  }
  relay_rewatch(relay);
}

struct relay *relay_new(int outside, int box) {
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

bool relay_tick(uint64_t now) {
  if (timed == 0) return false;
  for (struct relay *relay = relays, *next; relay; relay = next) {
    next = relay->next;
    if (!relay->deadline || relay->deadline > now) continue;
    if (relay->out.watch.fd >= 0) {
      relay_failed(relay, ETIMEDOUT);
    } else {
      inspect_late(&relay->to);
      relay_end(relay, true);
    }
  }
  return timed > 0;
}
