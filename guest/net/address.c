#include "address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

struct address address_from_v4(const void *four) {
  struct address address;
  memcpy(address.bytes, mapped, 12);
  memcpy(address.bytes + 12, four, 4);
  return address;
}

bool address_is_v4(const struct address *address) { return memcmp(address->bytes, mapped, 12) == 0; }

bool address_equal(const struct address *one, const struct address *other) {
  return memcmp(one->bytes, other->bytes, 16) == 0;
}

bool address_parse(const char *text, struct address *address) {
  uint8_t four[4];
  if (inet_pton(AF_INET, text, four) == 1) {
    *address = address_from_v4(four);
    return true;
  }
  return inet_pton(AF_INET6, text, address->bytes) == 1;
}

const char *address_text(const struct address *address, char text[ADDRESS_TEXT]) {
  if (address_is_v4(address)) inet_ntop(AF_INET, address->bytes + 12, text, ADDRESS_TEXT);
  else inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT);
  return text;
}

static bool within(const uint8_t *bytes, const uint8_t *base, unsigned prefix) {
  unsigned whole = prefix / 8, rest = prefix % 8;
  if (memcmp(bytes, base, whole) != 0) return false;
  return rest == 0 || (bytes[whole] ^ base[whole]) >> (8 - rest) == 0;
}

struct block {
  uint8_t base[16];
  unsigned prefix;
  const char *what;
};

#define V4(a, b, c, d, bits, what) {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + bits, what}

/* The first that holds the address counts. */
static const struct block blocks[] = {
    V4(0, 0, 0, 0, 8, "a reserved address"),
    V4(10, 0, 0, 0, 8, "a private address"),
    V4(100, 64, 0, 0, 10, "a shared (CGNAT) address"),
    V4(127, 0, 0, 0, 8, "a loopback address"),
    V4(169, 254, 169, 254, 32, "the metadata address of clouds"),
    V4(169, 254, 0, 0, 16, "a link-local address"),
    V4(172, 16, 0, 0, 12, "a private address"),
    V4(192, 0, 0, 0, 24, "a reserved address"),
    V4(192, 0, 2, 0, 24, "a reserved address"),
    V4(192, 88, 99, 0, 24, "a 6to4 relay address"),
    V4(192, 168, 0, 0, 16, "a private address"),
    V4(198, 18, 0, 0, 15, "a reserved address"),
    V4(198, 51, 100, 0, 24, "a reserved address"),
    V4(203, 0, 113, 0, 24, "a reserved address"),
    V4(224, 0, 0, 0, 4, "a multicast address"),
    V4(240, 0, 0, 0, 4, "a reserved address"),
    {{[15] = 1}, 128, "a loopback address"},
    {{0, 0x64, 0xff, 0x9b}, 32, "a NAT64 address"},
    {{0x20, 0x01}, 23, "a reserved address"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "a reserved address"},
    {{0x20, 0x02}, 16, "a 6to4 address"},
    {{0x3f, 0xff}, 20, "a reserved address"},
    {{0xfc}, 7, "a private address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xff}, 8, "a multicast address"},
};

static const struct block elsewhere = {{0}, 0, "a reserved address"};

static const struct block *forbidden_block(const struct address *address) {
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
    if (within(address->bytes, blocks[i].base, blocks[i].prefix)) return &blocks[i];
  bool global = (address->bytes[0] & 0xe0) == 0x20;
  return address_is_v4(address) || global ? NULL : &elsewhere;
}

const char *address_forbidden(const struct address *address) {
  const struct block *block = forbidden_block(address);
  return block ? block->what : NULL;
}

bool name_normal(const char *text, size_t length, char name[NAME_MAX_BYTES + 1]) {
  size_t label = 0;
  if (length > 1 && text[length - 1] == '.') length--;
  if (length == 0 || length > NAME_MAX_BYTES) return false;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c + 'a' - 'A');
    bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c == '.' ? label == 0 : !plain || ++label > 63) return false;
    if (c == '.') label = 0;
    name[i] = c;
  }
  name[length] = 0;
  return label > 0;
}

static bool parse_number(const char *text, unsigned max, unsigned *number) {
  char *end;
  if (text[0] < '0' || text[0] > '9') return false;
  unsigned long value = strtoul(text, &end, 10);
  *number = (unsigned)value;
  return *end == 0 && value <= max;
}

/* Cuts ":port" off, and the brackets around an IPv6 address. */
static bool split(char *text, char **host, uint16_t *port) {
  unsigned number = 0;
  char *colon = strrchr(text, ':'), *close = strchr(text, ']');
  if (colon && close && colon < close) colon = NULL;
  if (colon) {
    if (!parse_number(colon + 1, 65535, &number) || number == 0) return false;
    *colon = 0;
  }
  *port = (uint16_t)number;
  *host = text;
  if (text[0] != '[') return strchr(text, ':') == NULL;
  if (!close) return false;
  memmove(close, close + 1, strlen(close));
  *host = text + 1;
  return true;
}

bool rules_add(struct rules *rules, const char *text) {
  struct rule rule = {0};
  char copy[400], name[NAME_MAX_BYTES + 1], *host;
  rules->listed = true;
  if (rules->count == RULES_MAX || strlen(text) >= sizeof copy) return false;
  strcpy(copy, text);
  if (!split(copy, &host, &rule.port)) return false;
  char *slash = strchr(host, '/');
  if (slash) {
    unsigned bits, room;
    *slash = 0;
    if (!address_parse(host, &rule.address)) return false;
    room = strchr(host, ':') ? 128 : 32;
    if (!parse_number(slash + 1, room, &bits)) return false;
    rule.kind = RULE_CIDR;
    rule.prefix = bits + 128 - room;
  } else {
    rule.kind = host[0] == '*' && host[1] == '.' ? RULE_WILDCARD : RULE_DOMAIN;
    if (rule.kind == RULE_WILDCARD) host += 2;
    if (!name_normal(host, strlen(host), name)) return false;
    rule.name = strdup(name);
    if (!rule.name) return false;
  }
  struct rule *list = realloc(rules->list, (rules->count + 1) * sizeof rule);
  if (!list) {
    free(rule.name);
    return false;
  }
  rules->list = list;
  list[rules->count++] = rule;
  return true;
}

bool rules_allow_name(const struct rules *rules, const char *name, uint16_t port) {
  size_t length = strlen(name);
  for (size_t i = 0; i < rules->count; i++) {
    const struct rule *rule = &rules->list[i];
    if (rule->kind == RULE_CIDR || (port && rule->port && rule->port != port)) continue;
    size_t size = strlen(rule->name);
    if (rule->kind == RULE_DOMAIN && strcmp(rule->name, name) == 0) return true;
    if (rule->kind == RULE_WILDCARD && length > size + 1 && name[length - size - 1] == '.' &&
        strcmp(name + length - size, rule->name) == 0)
      return true;
  }
  return false;
}

/* A rule wider than what it would open means the public addresses in it: 0.0.0.0/0 opens no private one. */
bool rules_allow_address(const struct rules *rules, const struct address *address, uint16_t port, bool own) {
  const struct block *block = forbidden_block(address);
  for (size_t i = 0; i < rules->count; i++) {
    const struct rule *rule = &rules->list[i];
    if (rule->kind != RULE_CIDR || (port && rule->port && rule->port != port)) continue;
    if (!within(address->bytes, rule->address.bytes, rule->prefix)) continue;
    if (own && rule->prefix != 128) continue;
    if (!block || (block != &elsewhere && rule->prefix >= block->prefix) || rule->prefix == 128) return true;
  }
  return false;
}
