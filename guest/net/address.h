/* Addresses, rules and what they allow: no input and no output, so that it can be fuzzed. */
#ifndef BOXLITE_NET_ADDRESS_H
#define BOXLITE_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAME_MAX_BYTES = 253, RULES_MAX = 1024, ADDRESS_TEXT = 64 };

/* IPv4 as ::ffff:a.b.c.d. */
struct address {
  uint8_t bytes[16];
};

struct address address_from_v4(const void *four);
bool address_is_v4(const struct address *address);
bool address_parse(const char *text, struct address *address);
const char *address_text(const struct address *address, char text[ADDRESS_TEXT]);
bool address_equal(const struct address *one, const struct address *other);

enum rule_kind { RULE_DOMAIN, RULE_WILDCARD, RULE_CIDR };

struct rule {
  enum rule_kind kind;
  char *name;
  struct address address;
  unsigned prefix; /* of 128 */
  uint16_t port;   /* 0: any */
};

/* What a box may reach. */
struct rules {
  bool listed; /* false: everything public */
  struct rule *list;
  size_t count;
};

/* Adds one rule as `formatRule` of the runtime writes it; false when malformed or one too many. */
bool rules_add(struct rules *rules, const char *text);
/* Whether a rule names it; port 0 asks for any port. The name is lower case, without a dot at its end. */
bool rules_allow_name(const struct rules *rules, const char *name, uint16_t port);
/* Whether an address rule allows it. `own` is an address of the host: only a rule for exactly it will do. */
bool rules_allow_address(const struct rules *rules, const struct address *address, uint16_t port, bool own);
/* Null when the address is public, else what it is. */
const char *address_forbidden(const struct address *address);
/* Lower-cases and checks a name of `length` bytes, drops one dot at its end; false when it is none. */
bool name_normal(const char *text, size_t length, char name[NAME_MAX_BYTES + 1]);

#endif
