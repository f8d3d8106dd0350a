#include "exec_request.h"
#include "execution.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULTS = 3, HOME_SIZE = 300, SEARCH_MAX = 1 << 20 };

static const char default_path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static bool refuse(struct failure *failure, int error, const char *message)
{
	failure->error = error;
	snprintf(failure->message, sizeof failure->message, "%s", message);
	return false;
}

/* Copies the next string to *at with a NUL, and moves *at on. A string takes four bytes more in the payload than in
   the copy, so that a copy as large as the payload always has room. */
static char *read_text(struct reader *payload, char **at, bool *nul)
{
	uint32_t length = read_u32(payload);
	const uint8_t *bytes = read_bytes(payload, length);
	char *text = *at;
	if (!bytes)
		return NULL;
	memcpy(text, bytes, length);
	text[length] = 0;
	*nul |= strlen(text) != length;
	*at = text + length + 1;
	return text;
}

static char **read_list(struct reader *payload, char **at, bool *nul, uint32_t spare, uint32_t *count)
{
	*count = read_u32(payload);
	if (payload->bad || *count > (size_t)(payload->end - payload->at) / 4) {
		payload->bad = true;
		return NULL;
	}
	char **list = calloc((size_t)*count + spare + 1, sizeof *list);
	for (uint32_t i = 0; list && i < *count; i++)
		list[i] = read_text(payload, at, nul);
	return list;
}

static const char *find_path(const struct exec_request *request)
{
	for (char **env = request->env; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return default_path + 5;
}

/* Where to look for argv[0]. */
static bool list_candidates(struct exec_request *r, struct failure *failure)
{
	const char *program = r->argv[0];
	size_t parts = 1, length = strlen(program);
	r->path = find_path(r);
	for (const char *c = r->path; *c; c++)
		parts += *c == ':';
	bool direct = strchr(program, '/') != NULL;
	if (!direct && parts * (length + 2) > SEARCH_MAX)
		return refuse(failure, ENAMETOOLONG, "the command's name is too long for so many directories in PATH");
	r->candidates = calloc(parts + 1, sizeof *r->candidates);
	r->search = malloc(direct ? length + 1 : strlen(r->path) + parts * (length + 2) + 2);
	if (!r->candidates || !r->search)
		return refuse(failure, ENOMEM, "the guest is out of memory");
	if (direct || !length) {
		r->candidates[0] = length ? strcpy(r->search, program) : NULL;
		return true;
	}
	char *to = r->search;
	const char *from = r->path;
	for (size_t i = 0; i < parts; i++) {
		size_t part = strcspn(from, ":");
		r->candidates[i] = to;
		to += sprintf(to, "%.*s%s%s", (int)part, from, part ? "/" : "", program) + 1;
		from += part + 1;
	}
	return true;
}

bool exec_request_read(struct reader *payload, struct exec_request *r, struct failure *failure)
{
	bool nul = false;
	uint32_t argc = 0;
	uint8_t flags = read_u8(payload);
	r->terminal = flags & 1;
	r->builtin = flags & 2;
	r->timeout_ms = read_u32(payload);
	r->cols = read_u16(payload);
	r->rows = read_u16(payload);
	char *at = r->text = malloc((size_t)(payload->end - payload->at) + 1);
	if (!at)
		return refuse(failure, ENOMEM, "the guest is out of memory");
	r->tag = read_text(payload, &at, &nul);
	r->cwd = read_text(payload, &at, &nul);
	r->user = read_text(payload, &at, &nul);
	r->argv = read_list(payload, &at, &nul, 0, &argc);
	r->env = read_list(payload, &at, &nul, DEFAULTS, &r->env_count);
	if (!read_done(payload) || flags > 3 || flags == 3 || strlen(r->tag) > TAG_MAX)
		return false;
	r->shell_argv = calloc((size_t)argc + 2, sizeof *r->shell_argv);
	r->home = malloc(HOME_SIZE);
	if (!r->argv || !r->env || !r->shell_argv || !r->home)
		return refuse(failure, ENOMEM, "the guest is out of memory");
	if (nul)
		return refuse(failure, EINVAL, "a NUL byte in the command, its environment, directory or user");
	if (argc == 0)
		return refuse(failure, EINVAL, "no command was given");
	r->shell_argv[0] = "/bin/sh";
	memcpy(r->shell_argv + 2, r->argv + 1, ((size_t)argc - 1) * sizeof *r->argv);
	return list_candidates(r, failure);
}

static bool has(const struct exec_request *r, const char *name)
{
	for (char **env = r->env; *env; env++)
		if (strncmp(*env, name, strlen(name)) == 0)
			return true;
	return false;
}

void exec_request_defaults(const struct exec_request *r, const char *home)
{
	char **end = r->env + r->env_count;
	if (!has(r, "HOME=")) {
		snprintf(r->home, HOME_SIZE, "HOME=%s", home);
		*end++ = r->home;
	}
	if (!has(r, "PATH="))
		*end++ = (char *)default_path;
	if (r->terminal && !has(r, "TERM="))
		*end++ = "TERM=xterm";
}

void exec_request_free(struct exec_request *r)
{
	free(r->text);
	free(r->search);
	free(r->home);
	free(r->argv);
	free(r->shell_argv);
	free(r->candidates);
	free(r->env);
}
