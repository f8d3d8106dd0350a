#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEPT = 256, ENTRY_TEXT = 1400 };

struct event {
  uint64_t sequence, at, count;
  struct endpoint to;
  const char *reason;
  bool has_to;
  uint8_t protocol, remedy;
  char name[NAME_MAX_BYTES + 1];
};

/* Pages of it are touched only once something was refused. */
static struct event events[KEPT];
static uint64_t last;
struct usage usage;

static uint64_t wall_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool same(const struct event *one, const struct event *other) {
  return one->protocol == other->protocol && one->reason == other->reason && one->has_to == other->has_to &&
         one->to.port == other->to.port && address_equal(&one->to.address, &other->to.address) &&
         strcmp(one->name, other->name) == 0;
}

void event_refused(int protocol, const struct endpoint *to, const char *name, const char *reason, enum remedy remedy) {
  struct event event = {.reason = reason, .has_to = to != NULL, .protocol = (uint8_t)protocol, .remedy = (uint8_t)remedy};
  if (protocol != EVENT_DNS) usage.refused++;
  if (to) event.to = *to;
  if (name) strncpy(event.name, name, NAME_MAX_BYTES);
  event.at = wall_ms();
  uint64_t kept = last < KEPT ? last : KEPT;
  for (uint64_t i = 0; i < kept; i++) {
    struct event *earlier = &events[(last - 1 - i) % KEPT];
    if (!same(earlier, &event)) continue;
    earlier->count++;
    earlier->at = event.at;
    return;
  }
  event.count = 1;
  event.sequence = ++last;
  events[(last - 1) % KEPT] = event;
}

/* The first rule of a list ends the default, so that it has to be kept by a rule of its own. */
static void write_remedy(const struct event *event, bool closed, const char *address, char *out, size_t size) {
  static const char where[] = "network.allow (allow_net over REST)";
  char host[NAME_MAX_BYTES + 1], port[16] = "";
  bool by_name = event->name[0] && !closed && event->remedy == REMEDY_RULE;
  if (event->remedy == REMEDY_FEWER) {
    snprintf(out, size, "close connections: a box has at most %d at once", RELAYS_MAX);
    return;
  }
  snprintf(host, sizeof host, event->has_to && !by_name && !address_is_v4(&event->to.address) ? "[%s]" : "%s",
           by_name ? event->name : address);
  if (event->has_to && event->to.port) snprintf(port, sizeof port, ":%u", event->to.port);
  if (rules.listed) snprintf(out, size, "add \\\"%s%s\\\" to %s", host, port, where);
  else snprintf(out, size, "set \\\"0.0.0.0/0\\\" and \\\"%s%s\\\" as %s", host, port, where);
}

/* Names have passed name_normal and reasons are ours: nothing needs to be escaped. */
static int entry_json(const struct event *event, char *out, size_t size) {
  static const char *const protocols[] = {"tcp", "udp", "dns"};
  char address[ADDRESS_TEXT] = "", remedy[NAME_MAX_BYTES + 160];
  if (event->has_to) address_text(&event->to.address, address);
  bool closed = event->has_to && (event->reason == reason_own || event->reason == address_forbidden(&event->to.address));
  write_remedy(event, closed, address, remedy, sizeof remedy);
  return snprintf(out, size,
                  "{\"sequence\":%llu,\"at\":%llu,\"protocol\":\"%s\",\"address\":\"%s\",\"port\":%u,\"name\":\"%s\","
                  "\"reason\":\"%s%s\",\"remedy\":\"%s\",\"count\":%llu}",
                  (unsigned long long)event->sequence, (unsigned long long)event->at, protocols[event->protocol],
                  address, event->to.port, event->name, event->reason,
                  closed ? ", which only a rule for it opens" : "", remedy,
                  (unsigned long long)event->count);
}

char *events_json(uint64_t after, size_t *length) {
  uint64_t kept = last < KEPT ? last : KEPT, first = last - kept;
  if (after > first) first = after < last ? after : last;
  size_t size = (size_t)(last - first) * ENTRY_TEXT + 4, used = 1;
  char *out = malloc(size);
  if (!out) return NULL;
  out[0] = '[';
  for (uint64_t i = first; i < last; i++) {
    if (i > first) out[used++] = ',';
    used += (size_t)entry_json(&events[i % KEPT], out + used, size - used);
  }
  out[used++] = ']';
  out[used++] = '\n';
  *length = used;
  return out;
}
