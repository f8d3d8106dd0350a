/* The one live connection to the runtime: frames in, frames out. */
#ifndef BOXLITE_CONNECTION_H
#define BOXLITE_CONNECTION_H
#include "frame.h"
#include <stdbool.h>
#include <stdint.h>

struct execution;

/* Takes connections from a listening socket, but none from processes of the box itself. */
void connection_listen(int fd, uint64_t boot_id);
/* The same at a port of a virtual machine, which one runtime at a time is connected to. Ends the process if it is gone. */
void connection_port(int directory, const char *name, uint64_t boot_id);
bool connection_open(void);
/* Some connection was there, and has ended without another in its place. */
bool connection_ended(void);
/* Sends what can be sent now; true when there is more that could be sent at once. */
bool connection_flush(void);
/* How long what is queued may wait for more, in microseconds; 0: send it now. Only STARTED waits, for the first output
   and the exit of a command that takes no longer: frames that travel together wake the runtime once. */
uint32_t connection_held_us(void);
/* Nothing is left to send. */
bool connection_idle(void);

/* The queue of frames to build into; only while connection_open(). */
struct bytes *connection_out(void);
void connection_send_started(const struct execution *execution);
/* replies.c: what the guest says of its own accord or to a request. */
void connection_send_hello(uint64_t boot_id);
void connection_send_exit(const struct execution *execution);
void connection_send_credit(const struct execution *execution, uint64_t offset);
void connection_send_stdin_closed(const struct execution *execution);
void connection_send_refused(uint32_t execution, uint8_t type, const char *message);

/* requests.c: obeys one frame; false when it breaks the protocol. */
bool request_obey(uint32_t execution, uint8_t type, struct reader *payload);
#endif
