/* A stream between the box and something outside, for the files that open one. */
#ifndef BOXLITE_NET_RELAY_H
#define BOXLITE_NET_RELAY_H

#include "internal.h"

struct side {
  struct watch watch;
  struct relay *relay;
  uint8_t *held; /* waits to be written here; at most PIECE, or INSPECT_ROOM */
  uint32_t start, length;
  bool connecting, asking, ended, shut; /* asking: it is connected, and the guest is to connect further */
};

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

/* relay.c. Both descriptors are given away; null: no memory, and they are closed. */
struct relay *relay_new(int outside, int box);
void relay_end(struct relay *relay, bool reset);
/* The connecting has failed; whoever waits for it is told. */
void relay_failed(struct relay *relay, int error);
/* Both sides are there. */
void relay_opened(struct relay *relay);
/* It is ended at that time from now unless it is set to 0 before. */
void relay_deadline(struct relay *relay, uint64_t ms);
/* Has its sides watched for what can be done next. */
void relay_rewatch(struct relay *relay);
/* Connects that side with `fd`. */
void relay_reach(struct side *side, int fd, const struct endpoint *to);
void side_end(struct side *side, bool reset);
/* What was written, -1 when the connection broke. */
ssize_t side_write(struct side *side, const uint8_t *bytes, size_t length);
/* Writes what is held; false when the connection broke. */
bool side_flush(struct side *side);

/* inward.c */
void inward_connected(struct side *side, int error);
/* What the guest says, which was asked to connect further. */
void inward_answered(struct side *side);
/* Notes the id of a stream that broke. */
void inward_broke(const struct relay *relay);

/* outward.c: looks at what the box has sent first. False when the relay has ended. */
bool outward_look(struct relay *relay);
/* Puts into the scratch buffer what the answer to a request is to say. The length. */
ssize_t outward_follow(struct response *response, ssize_t length);

#endif
