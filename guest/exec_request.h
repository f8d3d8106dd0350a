/* The payload of EXEC as C strings. */
#ifndef BOXLITE_EXEC_REQUEST_H
#define BOXLITE_EXEC_REQUEST_H
#include "frame.h"
#include "launch.h"
#include <stdbool.h>

struct exec_request {
	bool terminal, builtin;
	uint32_t timeout_ms;
	uint16_t cols, rows;
	char *tag, *cwd, *user;
	char **argv, **shell_argv, **candidates;
	char **env; /* with room for three more */
	const char *path;
	char *text, *search, *home; /* what the strings live in */
	uint32_t env_count;
};

bool exec_request_read(struct reader *payload, struct exec_request *request, struct failure *failure);
/* HOME, PATH, and TERM on a terminal, where the environment lacks them. */
void exec_request_defaults(const struct exec_request *request, const char *home);
void exec_request_free(struct exec_request *request);
#endif
