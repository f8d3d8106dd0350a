/* What the files of the network role share. PROTOCOL.md says what travels on its socket, and how the role is built. */
#ifndef BOXLITE_NET_INTERNAL_H
#define BOXLITE_NET_INTERNAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../loop.h"
#include "address.h"
#include "message.h"
#include "response.h"

/* 192.168.127.2, the box; 192.168.127.1, whom it asks for names, and its gateway if its network stack is its own. */
#define BOX_ADDRESS 0xc0a87f02u
#define GATEWAY_ADDRESS 0xc0a87f01u
#define RESOLVER_TEXT "192.168.127.1"

enum { NET_CONTROL = 3, SCRATCH = 128 * 1024, DATAGRAM_MAX = 65535, PORTS_MAX = 256 };
enum { ETH_INDEX = 100, PEER_INDEX = 101 };

/* One static buffer for whatever is on its way from one descriptor to another within a call. */
extern uint8_t scratch[SCRATCH];

struct endpoint {
  struct address address;
  uint16_t port;
};

struct endpoint endpoint_from(const struct sockaddr_in *from);
socklen_t endpoint_to(const struct endpoint *endpoint, struct sockaddr_storage *to);

/* namespace.c: the box's side. */
struct inside {
  pid_t keeper;     /* lives in the namespace; /proc/KEEPER/ns/net is its path */
  int channel;      /* to the keeper, which makes sockets there; ends when it does */
  int tcp, udp, raw; /* what the box sends out arrives at the first two; answers go back by `raw` */
  bool own_stack;    /* the box has a network stack of its own, behind eth0, and its loopback is not the namespace's */
};

/* Starts the keeper, which waits for `inside_open`. -1 with errno and `step`. */
int inside_start(struct inside *inside, bool own_stack, const char **step);
/* Makes the namespace, or joins the one at `path`, and lays what the box finds there. -1 with errno and `step`. */
int inside_open(struct inside *inside, const char *path, const char **step);
/* A non-blocking socket in the namespace, or -1. */
int inside_socket(const struct inside *inside, int family, int type);
extern struct inside inside;

/* links.c and catch.c, in the namespace: 0, or -1 with errno and `step`. */
int links_configure(bool own_stack, const char **step);
int catch_configure(bool own_stack, uint16_t tcp_port, uint16_t udp_port, const char **step);

/* netlink.c: opens what `netlink_is_own` asks with. */
int netlink_open(void);
/* Whether it is an address of the host. */
bool netlink_is_own(const struct address *address);

/* privilege.c: gives up everything that this process can do. */
void privilege_drop(bool keeper);

/* names.c: what was answered for which name. */
void names_pin(const struct address *address, const char *name, uint32_t ttl);
/* The name of a pin of that address that a rule allows on that port; null: none. */
const char *names_allowed(const struct address *address, uint16_t port);
/* Any name of that address, for reports; null: none. */
const char *names_any(const struct address *address);

/* policy.c */
extern struct rules rules;
extern const char reason_own[];
enum verdict { VERDICT_REFUSED, VERDICT_ALLOWED, VERDICT_BY_NAME };
/* `reason` is set when refused. */
enum verdict policy_decide(const struct endpoint *to, const char **reason);
/* What a connection says whom it wants may be: `reason` is set when no rule allows that name on that port. */
bool policy_named(const char *name, bool tls, uint16_t port, const char **reason);
/* Whether an answer for a name may hold this address. */
bool policy_answerable(const struct address *address, const char **reason);

/* events.c */
enum { EVENT_TCP, EVENT_UDP, EVENT_DNS };
/* What would let it through: a rule for its name, or for its address if that is closed or there is no name; a rule for its
   address; fewer connections. */
enum remedy { REMEDY_RULE, REMEDY_ADDRESS, REMEDY_FEWER };
/* `to` and `name` may be null; `reason` stays where it is. */
void event_refused(int protocol, const struct endpoint *to, const char *name, const char *reason, enum remedy remedy);
/* JSON array, newest 256 at most, above `after`; to be freed. */
char *events_json(uint64_t after, size_t *length);

struct usage {
  uint64_t sent, received, total, open, refused, failed;
  uint64_t inward, inward_at; /* streams into the box that are open; when anything of these was last there */
};
extern struct usage usage;

/* relay.c: a stream between the box and something outside. Both descriptors are given away, whatever happens. */
enum { RELAYS_MAX = 4096 };
struct relay;
void relay_limit(unsigned max);
bool relay_full(void);
/* `by_name`: the first bytes must name what a rule allows on the port of `to`; opens the outside itself, as the verdict says. */
void relay_outward(int box, const struct endpoint *to, bool by_name);
/* To a TCP port of the box. `answered`, which may be null, says how it went, once, before any byte is carried; `id` is for
   `relay_broken`. */
void relay_inward(int outside, uint16_t port, void (*answered)(int outside, int error, uint64_t id));
/* Whether one of the newest that broke is that one: a unix socket cannot be reset, so its end alone does not say it. */
bool relay_broken(uint64_t id);
/* Ends what takes too long; whether it must be called again. */
bool relay_tick(uint64_t now);
void reset_close(int fd);

/* inspect.c: what a connection says first, to an address that only a name rule opens. */
enum { INSPECT_MS = 60000, INSPECT_MAX = 16 * 1024, INSPECT_ROOM = 2 * INSPECT_MAX + 64 };
/* Whether nothing is carried there before it has said which name it wants; on other ports it may speak anything. */
bool inspect_strict(uint16_t port);
/* VERDICT_BY_NAME: more bytes are needed, which `ended` says will not come; refused: reported. Allowed: `bytes`, of
   INSPECT_ROOM, hold what is to be sent instead, and `response` is set if what comes back has to be followed. */
enum verdict inspect(const struct endpoint *to, uint8_t *bytes, uint32_t *length, bool ended, struct response *response);
/* It has not said it in INSPECT_MS. */
void inspect_late(const struct endpoint *to);

/* outbound.c: what the box sends out. */
void outbound_open(void);

/* resolver.c */
void resolver_open(const char *path);
/* A question by UDP; answered from `server` to `client`. */
void resolver_datagram(const uint8_t *bytes, size_t length, const struct endpoint *client,
                       const struct endpoint *server);
/* A connection to port 53. */
void resolver_stream(int fd);
bool resolver_tick(uint64_t now);
/* The resolvers of the host, read anew when the file changed; how many. */
int upstream_list(struct endpoint list[3]);
void upstream_open(const char *path);

/* datagram.c: packets into the box that come from any address. */
void datagram_reply(const struct endpoint *from, const struct endpoint *to, const uint8_t *bytes, size_t length);
/* ICMP port unreachable for what `client` sent to `server`. */
void datagram_unreachable(const struct endpoint *client, const struct endpoint *server);

/* flow.c: datagrams between the box and one other. */
/* From the box to `server`, which the policy allows. */
void flow_outward(const struct endpoint *client, const struct endpoint *server, const uint8_t *bytes, size_t length);
/* From `peer`, who wrote to the published socket `outside`, to a port of the box. */
void flow_inward(int outside, const struct endpoint *peer, uint16_t port, const uint8_t *bytes, size_t length);
bool flow_tick(uint64_t now);

/* publish.c: ports of the box on the host. */
/* Takes `tcp:ADDRESS:HOSTPORT:GUESTPORT`, the address in brackets if it has colons, and listens. 0, or -1 with errno. */
int publish_listen(const char *text);
void publish_start(void);
size_t publish_json(char *out, size_t size);

/* control.c */
/* With `join` it waits to be told the namespace, and until then does nothing else; null when `join` has done that, or why it
   has not, which then ends the process. */
void control_open(bool attached, const char *(*join)(const char *path));
/* Whether a runtime has the process now. */
bool control_owned(void);
void control_dialled(int fd, int error, uint64_t id);
/* Ends the process when no runtime has come; whether it must be called again. */
bool control_tick(uint64_t now);

#endif
