#define _GNU_SOURCE
#include "launch.h"
#include "connection.h"
#include "exec_request.h"
#include "execution.h"
#include "oom.h"
#include "pty.h"
#include "spawn.h"
#include "tar.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BUILTIN_PIPE = 1 << 20, WATCH_INPUT_MS = 5 };

/* The guest's and the program's ends of the three streams; out[1] stays -1 on a terminal. The guest keeps the
   program's ends of pipes for output. */
struct streams {
	int program[3], in, out[2];
};

static void streams_close(int *fds, int count)
{
	for (int i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int open_terminal(struct streams *s, const struct exec_request *request, uid_t owner)
{
	int master, slave, error = pty_open(request->cols, request->rows, owner, &master, &slave);
	if (error)
		return error;
	s->out[0] = master;
	s->in = fcntl(master, F_DUPFD_CLOEXEC, 3);
	s->program[0] = s->program[1] = s->program[2] = slave;
	if (s->in < 0) {
		error = errno;
		close(master);
		close(slave);
	}
	return error;
}

static int open_pipes(struct streams *s, bool builtin)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	for (int i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0) {
			int error = errno;
			streams_close(pipes[0], 6);
			return error;
		}
	s->program[0] = pipes[0][0];
	s->in = pipes[0][1];
	for (int i = 0; i < 2; i++) {
		s->out[i] = pipes[1 + i][0];
		s->program[1 + i] = pipes[1 + i][1];
	}
	int mine[3] = { s->in, s->out[0], s->out[1] };
	for (int i = 0; i < 3; i++)
		fcntl(mine[i], F_SETFL, O_NONBLOCK);
	if (builtin) {
		fcntl(s->in, F_SETPIPE_SZ, BUILTIN_PIPE);
		fcntl(s->out[0], F_SETPIPE_SZ, BUILTIN_PIPE);
	}
	return 0;
}

/* Says what stood in the way; false, for the caller to pass on. */
static bool explain(struct failure *failure, const struct spawn *s, const struct exec_request *request)
{
	const char *why = strerror(s->error), *program = request->argv[0];
	char *to = failure->message;
	size_t size = sizeof failure->message;
	failure->error = s->error;
	if (s->failed == STAGE_CWD)
		snprintf(to, size, "cannot enter working directory: %.200s (%s)", s->cwd, why);
	else if (s->failed == STAGE_USER)
		snprintf(to, size, "cannot become user: %.200s (%s)", request->user, why);
	else if (s->failed == STAGE_TERMINAL)
		snprintf(to, size, "cannot open a terminal (%s)", why);
	else if (s->failed == STAGE_FORK)
		snprintf(to, size, "cannot start a process for %.200s (%s)", program, why);
	else if (s->error == ENOENT && strchr(program, '/') && access(program, F_OK) == 0)
		snprintf(to, size, "program cannot run: %.200s (its interpreter does not exist in the box)", program);
	else if (s->error == ENOENT && strchr(program, '/'))
		snprintf(to, size, "program not found: %.200s", program);
	else if (s->error == ENOENT)
		snprintf(to, size, "program not found: %.200s (PATH %.200s)", program, request->path);
	else
		snprintf(to, size, "program cannot run: %.200s (%s)", program, why);
	return false;
}

static void set_up(struct execution *e, const struct exec_request *request, const struct streams *s)
{
	snprintf(e->tag, sizeof e->tag, "%s", request->tag);
	e->terminal = request->terminal;
	e->builtin = request->builtin;
	e->attached = true;
	e->fresh = true;
	if (request->timeout_ms) {
		e->timeout_at = e->started_us / 1000 + request->timeout_ms;
		timers_changed = true;
	}
	execution_hash_pid(e);
	input_open(e, s->in, request->terminal);
	if (!request->terminal) {
		e->watch_input_at = now_ms() + WATCH_INPUT_MS;
		timers_changed = true;
	}
	for (int i = 0; i < 2; i++) {
		if (s->out[i] < 0)
			continue;
		e->out[i] = output_open(e, s->out[i], request->terminal ? -1 : s->program[1 + i], (uint8_t)(STDOUT + i));
		if (e->out[i])
			output_watch(e->out[i]);
	}
	connection_send_started(e);
}

static bool start(uint32_t id, const struct exec_request *request, struct failure *failure)
{
	struct identity identity;
	struct streams s = { .out = { -1, -1 } };
	if (execution_count >= EXECUTIONS_MAX) {
		failure->error = EAGAIN;
		snprintf(failure->message, sizeof failure->message, "too many executions in this box (%d); wait for some to end", EXECUTIONS_MAX);
		return false;
	}
	if (!identity_find(request->user, &identity, failure->message, sizeof failure->message)) {
		failure->error = ENOENT;
		return false;
	}
	struct spawn spawned = {
		.terminal = request->terminal, .cwd = *request->cwd ? request->cwd : "/", .identity = &identity,
		.argv = request->argv, .env = request->env, .candidates = request->candidates, .shell_argv = request->shell_argv,
		.builtin = request->builtin ? tar_builtin : NULL,
	};
	spawned.error = request->terminal ? open_terminal(&s, request, identity.uid) : open_pipes(&s, request->builtin);
	if (spawned.error) {
		spawned.failed = request->terminal ? STAGE_TERMINAL : STAGE_FORK;
		return explain(failure, &spawned, request);
	}
	exec_request_defaults(request, identity.home);
	struct execution *e = execution_add(id);
	if (!e) {
		spawned.failed = STAGE_FORK;
		spawned.error = ENOMEM;
	} else {
		memcpy(spawned.fds, s.program, sizeof spawned.fds);
		spawned.marker = e->marker = marker_take();
		e->start_ticks = ticks_now();
		e->oom_before = oom_kills();
		e->started_us = now_us();
		e->pid = spawn(&spawned);
	}
	streams_close(s.program, 1);
	if (spawned.failed) {
		streams_close(s.program + 1, request->terminal ? 0 : 2);
		if (e)
			execution_forget(e);
		streams_close(&s.in, 1);
		streams_close(s.out, 2);
		return explain(failure, &spawned, request);
	}
	set_up(e, request, &s);
	return true;
}

bool launch(uint32_t id, struct reader *payload, struct failure *failure)
{
	struct exec_request request = { 0 };
	bool started = exec_request_read(payload, &request, failure) && start(id, &request, failure);
	exec_request_free(&request);
	return started;
}
