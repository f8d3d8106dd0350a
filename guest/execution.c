#include "execution.h"
#include "connection.h"
#include "oom.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { BUCKETS = 512, QUIET_MS = 200, DRAIN_MS = 2000, KILL_AFTER_MS = 2000, HUNG_MS = 100 };

struct execution *executions;
int execution_count;
bool timers_changed;
static struct execution *by_id[BUCKETS], *by_pid[BUCKETS];
static bool orphans_ended;

struct execution *execution_find(uint32_t id)
{
	struct execution *e = by_id[id % BUCKETS];
	while (e && e->id != id)
		e = e->next_id;
	return e;
}

struct execution *execution_add(uint32_t id)
{
	struct execution *e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->id = id;
	e->input.watch.fd = -1;
	e->next = executions;
	if (executions)
		executions->before = e;
	executions = e;
	e->next_id = by_id[id % BUCKETS];
	by_id[id % BUCKETS] = e;
	execution_count++;
	return e;
}

void execution_hash_pid(struct execution *e)
{
	e->next_pid = by_pid[(unsigned)e->pid % BUCKETS];
	by_pid[(unsigned)e->pid % BUCKETS] = e;
}

static void unhash_pid(struct execution *e)
{
	struct execution **at = &by_pid[(unsigned)e->pid % BUCKETS];
	while (*at && *at != e)
		at = &(*at)->next_pid;
	if (*at)
		*at = e->next_pid;
}

void execution_forget(struct execution *e)
{
	struct execution **at = &by_id[e->id % BUCKETS];
	while (*at != e)
		at = &(*at)->next_id;
	*at = e->next_id;
	unhash_pid(e);
	if (e->before)
		e->before->next = e->next;
	else
		executions = e->next;
	if (e->next)
		e->next->before = e->before;
	execution_count--;
	input_close(&e->input, false);
	for (int i = 0; i < 2; i++)
		if (e->out[i])
			output_release(e->out[i]);
	process_set_free(&e->tree);
	marker_release(e->marker);
	free_later(e);
}

void executions_watch(void)
{
	/* The newest come first. */
	for (struct execution *e = executions; e && e->fresh; e = e->next) {
		e->fresh = false;
		for (int i = 0; i < 2; i++)
			if (e->out[i])
				output_watch(e->out[i]);
	}
}

static bool output_over(const struct output *o)
{
	return !o || o->watch.fd < 0 || o->cut;
}

static void drop_rest(struct output *o)
{
	if (output_over(o))
		return;
	o->dropping = o->cut = true;
	output_watch(o);
}

void execution_settle(struct execution *e)
{
	if (!e->exited)
		return;
	if (!e->finished && !e->tree_pending && output_over(e->out[0]) && output_over(e->out[1]))
		e->finished = true;
	if (!e->finished || e->exit_sent || !e->attached)
		return;
	for (int i = 0; i < 2; i++)
		if (e->out[i] && e->out[i]->sent < e->out[i]->end)
			return;
	e->exit_sent = true;
	connection_send_exit(e);
}

void execution_kill(struct execution *e)
{
	process_set_find(&e->tree, e->pid, e->exited, e->marker, e->start_ticks);
	process_set_kill(&e->tree, e->pid, e->exited, e->marker, e->start_ticks);
}

static bool tree_alive(struct execution *e)
{
	process_set_find(&e->tree, e->pid, e->exited, e->marker, e->start_ticks);
	return e->tree.count > 0;
}

void executions_reaped(void)
{
	if (!orphans_ended)
		return;
	orphans_ended = false;
	for (struct execution *e = executions; e; e = e->next)
		if (e->tree_pending && !tree_alive(e)) {
			e->tree_pending = false;
			e->exited_ms = now_ms();
			timers_changed = true;
			execution_settle(e);
		}
}

void execution_exited(pid_t pid, int status, const struct rusage *usage)
{
	struct execution *e = by_pid[(unsigned)pid % BUCKETS];
	while (e && e->pid != pid)
		e = e->next_pid;
	if (!e) {
		orphans_ended = true;
		return;
	}
	unhash_pid(e);
	e->exited = true;
	e->status = status;
	e->usage = *usage;
	e->duration_us = now_us() - e->started_us;
	e->exited_ms = now_ms();
	bool killed = WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 128 + SIGKILL;
	e->out_of_memory = killed && oom_kills() > e->oom_before;
	e->timeout_at = e->watch_input_at = 0;
	e->tree_pending = e->kill_at && tree_alive(e);
	if (!e->tree_pending)
		e->kill_at = 0;
	input_close(&e->input, false);
	for (int i = 0; i < 2; i++) {
		struct output *o = e->out[i];
		if (!o || o->watch.fd < 0)
			continue;
		output_let_go(o);
		int size = fcntl(o->watch.fd, F_GETPIPE_SZ);
		o->owed = size > 0 ? (uint32_t)size : TURN;
		o->last_read_ms = e->exited_ms;
		if (o->hung)
			output_retry(o);
		else if (!e->terminal)
			output_probe(o); /* mostly there is little, and then its end: known now, it travels with the exit */
	}
	timers_changed = true;
	execution_settle(e);
}

/* When the output of an ended execution is cut: quiet for a while, or open for too long; never before everything
   was read that its main process may have written. */
static uint64_t drain_deadline(const struct execution *e, const struct output *o)
{
	if (output_over(o) || (o->owed && ring_full(&o->ring)))
		return 0;
	uint64_t quiet = o->last_read_ms + QUIET_MS, longest = e->exited_ms + DRAIN_MS;
	return o->owed || quiet < longest ? quiet : longest;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a ? b : !b ? a : a < b ? a : b;
}

static uint64_t tick(struct execution *e, uint64_t now)
{
	if (e->timeout_at && now >= e->timeout_at) {
		e->timeout_at = 0;
		e->timed_out = true;
		e->kill_at = now + KILL_AFTER_MS;
		if (!e->exited)
			kill(-e->pid, SIGSTOP); /* until they are all found: a fork bomb would leave no time for it */
		process_set_find(&e->tree, e->pid, e->exited, e->marker, e->start_ticks);
		process_set_signal(&e->tree, SIGTERM);
		process_set_signal(&e->tree, SIGCONT);
		if (!e->exited)
			kill(-e->pid, SIGCONT);
	}
	if (e->kill_at && now >= e->kill_at) {
		e->kill_at = 0;
		execution_kill(e);
		e->tree_pending = false;
		if (e->exited)
			e->exited_ms = now;
		execution_settle(e);
	}
	if (e->watch_input_at && now >= e->watch_input_at) {
		e->watch_input_at = 0;
		input_watch(&e->input);
	}
	uint64_t next = earlier(earlier(e->timeout_at, e->kill_at), e->watch_input_at);
	if (!e->exited && e->out[0] && e->out[0]->hung) {
		if (now >= e->retry_at) {
			output_retry(e->out[0]);
			e->retry_at = now + HUNG_MS;
		}
		next = earlier(next, e->retry_at);
	}
	if (!e->exited || e->finished || e->tree_pending)
		return next;
	for (int i = 0; i < 2; i++) {
		uint64_t due = drain_deadline(e, e->out[i]);
		if (due && now >= due && e->out[i]->owed) {
			output_probe(e->out[i]);
			due = drain_deadline(e, e->out[i]);
		}
		if (due && now >= due)
			drop_rest(e->out[i]);
		else
			next = earlier(next, due);
	}
	execution_settle(e);
	return next;
}

uint64_t executions_tick(uint64_t now)
{
	uint64_t next = 0;
	for (struct execution *e = executions; e; e = e->next)
		next = earlier(next, tick(e, now));
	return next;
}

void executions_detach(void)
{
	for (struct execution *e = executions; e; e = e->next) {
		e->attached = false;
		e->exit_sent = false;
		for (int i = 0; i < 2; i++)
			if (e->out[i])
				output_unschedule(e->out[i]);
	}
}
