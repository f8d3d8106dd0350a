/* What listens only on the loopback of a box with a network stack of its own, which nobody outside can reach: connections to
   LOOPBACK_PORT that begin with another port, two bytes, the high one first, are answered with one byte
   and carried there. */
#ifndef BOXLITE_LOOPBACK_H
#define BOXLITE_LOOPBACK_H
#include <stdbool.h>
#include <stdint.h>

enum { LOOPBACK_PORT = 1, LOOPBACK_OPEN = 1, LOOPBACK_REFUSED = 0 };

/* Begins to listen, on every address; false when it cannot. */
bool loopback_listen(void);
#endif
