#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PINS_MAX = 4096, PIN_LEAST_S = 60, PIN_MOST_S = 3600 };

struct rules rules;
const char reason_own[] = "an address of the host";
static const char reason_port[] = "the rule for it is for another port";
static const char reason_nothing[] = "the list of rules is empty";

struct pin {
  struct address address;
  char *name;
  uint64_t until;
};

static struct pin *pins;
static size_t count, room;

/* A pin that is there is renewed; without room the one that ends first gives way. */
void names_pin(const struct address *address, const char *name, uint32_t ttl) {
  uint64_t now = now_ms();
  struct pin *place = NULL;
  ttl = ttl < PIN_LEAST_S ? PIN_LEAST_S : ttl > PIN_MOST_S ? PIN_MOST_S : ttl;
  for (size_t i = 0; i < count; i++) {
    if (address_equal(&pins[i].address, address) && strcmp(pins[i].name, name) == 0) {
      if (pins[i].until < now + ttl * 1000ull) pins[i].until = now + ttl * 1000ull;
      return;
    }
    if (!place || pins[i].until < place->until) place = &pins[i];
  }
  if (count < PINS_MAX && (!place || place->until > now)) {
    if (count == room) {
      size_t more = room ? room * 2 : 32;
      struct pin *grown = realloc(pins, more * sizeof *pins);
      if (!grown) return;
      pins = grown;
      room = more;
    }
    place = &pins[count];
    place->name = NULL;
  }
  char *copy = strdup(name);
  if (!copy) return;
  if (place == &pins[count]) count++;
  else free(place->name);
  *place = (struct pin){*address, copy, now + ttl * 1000ull};
}

const char *names_allowed(const struct address *address, uint16_t port) {
  uint64_t now = now_ms();
  for (size_t i = 0; i < count; i++)
    if (pins[i].until > now && address_equal(&pins[i].address, address) &&
        rules_allow_name(&rules, pins[i].name, port))
      return pins[i].name;
  return NULL;
}

const char *names_any(const struct address *address) {
  for (size_t i = 0; i < count; i++)
    if (address_equal(&pins[i].address, address)) return pins[i].name;
  return NULL;
}

/* Why nothing in the list opens that address. */
static const char *unlisted(const struct endpoint *to, bool own) {
  if (rules.count == 0) return reason_nothing;
  if (names_allowed(&to->address, 0) || rules_allow_address(&rules, &to->address, 0, own)) return reason_port;
  for (size_t i = 0; i < rules.count; i++)
    if (rules.list[i].kind != RULE_CIDR) return "no rule opens this address, nor is it the answer for an allowed name";
  return "no rule opens it";
}

enum verdict policy_decide(const struct endpoint *to, const char **reason) {
  bool own = netlink_is_own(&to->address);
  if (rules_allow_address(&rules, &to->address, to->port, own)) return VERDICT_ALLOWED;
  *reason = address_forbidden(&to->address);
  if (!*reason && own) *reason = reason_own;
  if (*reason) {
    if (rules_allow_address(&rules, &to->address, 0, own)) *reason = reason_port;
    return VERDICT_REFUSED;
  }
  if (!rules.listed) return VERDICT_ALLOWED;
  if (names_allowed(&to->address, to->port)) return VERDICT_BY_NAME;
  *reason = unlisted(to, own);
  return VERDICT_REFUSED;
}

bool policy_named(const char *name, bool tls, uint16_t port, const char **reason) {
  if (rules_allow_name(&rules, name, port)) return true;
  *reason = rules_allow_name(&rules, name, 0) ? reason_port
            : tls                             ? "no rule matches the name in its TLS SNI"
                                              : "no rule matches the name in its HTTP Host";
  return false;
}

bool policy_answerable(const struct address *address, const char **reason) {
  bool own = netlink_is_own(address);
  if (rules_allow_address(&rules, address, 0, own)) return true;
  *reason = address_forbidden(address);
  if (!*reason && own) *reason = reason_own;
  return !*reason;
}
