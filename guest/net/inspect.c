#include "internal.h"

#include <string.h>

#include "request.h"

_Static_assert((int)INSPECT_MAX == (int)HEAD_MAX && (int)INSPECT_ROOM == (int)REQUEST_MAX, "a request fits");

bool inspect_strict(uint16_t port) { return port == 443 || port == 80; }

static enum verdict refuse(const struct endpoint *to, const char *name, const char *reason, enum remedy remedy) {
  event_refused(EVENT_TCP, to, name, reason, remedy);
  return VERDICT_REFUSED;
}

static void close_after(uint8_t *bytes, uint32_t *length) {
  static uint8_t request[REQUEST_MAX];
  *length = (uint32_t)request_close(bytes, *length, request);
  memcpy(bytes, request, *length);
}

enum verdict inspect(const struct endpoint *to, uint8_t *bytes, uint32_t *length, bool ended, struct response *response) {
  char name[NAME_MAX_BYTES + 1];
  const char *reason, *known = names_any(&to->address);
  enum head head = head_read(bytes, *length, name, &reason);
  if (head == HEAD_MORE && !ended) return VERDICT_BY_NAME;
  if (*length == 0 && inspect_strict(to->port)) return VERDICT_REFUSED; /* opened and closed: nothing was asked for */
  if (head == HEAD_NAMELESS) return refuse(to, known, reason, REMEDY_ADDRESS);
  if (head == HEAD_TLS || head == HEAD_HTTP) {
    if (!policy_named(name, head == HEAD_TLS, to->port, &reason)) return refuse(to, name, reason, REMEDY_RULE);
    if (head == HEAD_HTTP) {
      close_after(bytes, length);
      response->phase = RESPONSE_STATUS;
    }
    return VERDICT_ALLOWED;
  }
  if (!inspect_strict(to->port)) return VERDICT_ALLOWED;
  return refuse(to, known,
                head == HEAD_MORE ? "it ended before it said in TLS SNI or HTTP Host which name it wants"
                                  : "it is neither TLS nor HTTP, which alone say on ports 80 and 443 which name they want",
                REMEDY_ADDRESS);
}

void inspect_late(const struct endpoint *to) {
  refuse(to, names_any(&to->address), "in 60 s it did not say in TLS SNI or HTTP Host which name it wants", REMEDY_ADDRESS);
}
