/* EXEC: from a request to a running execution. */
#ifndef BOXLITE_LAUNCH_H
#define BOXLITE_LAUNCH_H
#include "frame.h"
#include <stdbool.h>

struct failure {
	int error;
	char message[600];
};

/* Starts execution `id` and queues STARTED. False with failure->error set: it could not be started;
   without: the request breaks the protocol. */
bool launch(uint32_t id, struct reader *payload, struct failure *failure);
#endif
