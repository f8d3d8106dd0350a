#include "relay.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static void outward_connect(struct relay *relay) {
  int fd = socket(address_is_v4(&relay->to.address) ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) relay_failed(relay, errno);
  else relay_reach(&relay->out, fd, &relay->to);
}

/* Servers skip empty lines before a request: they go on at once, and what comes behind them is still looked at. */
static bool pass_blank(struct side *out) {
  uint32_t blank = 0;
  while (blank < out->length && (out->held[blank] == '\r' || out->held[blank] == '\n')) blank++;
  if (blank > 0 && side_write(out, out->held, blank) != (ssize_t)blank) return false;
  out->length -= blank;
  memmove(out->held, out->held + blank, out->length);
  return true;
}

bool outward_look(struct relay *relay) {
  struct side *out = &relay->out;
  if (out->watch.fd >= 0 && out->length > 0 && !pass_blank(out)) {
    relay_end(relay, true);
    return false;
  }
  switch (inspect(&relay->to, out->held, &out->length, relay->box.ended, &relay->response)) {
    case VERDICT_BY_NAME: return true;
    case VERDICT_REFUSED: relay_end(relay, true); return false;
    default: break;
  }
  relay->inspecting = false;
  relay_deadline(relay, 0);
  if (out->watch.fd < 0) {
    outward_connect(relay);
    return false; /* it goes on, or has ended, there */
  }
  if (side_flush(out)) return true;
  relay_end(relay, true);
  return false;
}

ssize_t outward_follow(struct response *response, ssize_t length) {
  ssize_t at = response_follow(response, scratch, (size_t)length), size = (ssize_t)strlen(response_field);
  if (at < 0) return length;
  memmove(scratch + at + size, scratch + at, (size_t)(length - at));
  memcpy(scratch + at, response_field, (size_t)size);
  return length + size;
}

void relay_outward(int box, const struct endpoint *to, bool by_name) {
  int on = 1;
  struct relay *relay = relay_new(-1, box);
  if (!relay) return;
  setsockopt(box, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  relay->to = *to;
  relay->inspecting = by_name;
  if (by_name && inspect_strict(to->port)) {
    relay_deadline(relay, INSPECT_MS);
    relay_rewatch(relay);
  } else {
    outward_connect(relay);
  }
}
