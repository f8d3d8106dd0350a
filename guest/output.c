#include "execution.h"
#include "connection.h"
#include "frame.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { HOT_PIPE = 256 << 10, READ_MAX = OUTPUT_MAX };

static struct output *queue_first, *queue_last;
static uint8_t scratch[READ_MAX];

static void append(struct output *o, bool front)
{
	o->queued = true;
	o->before = front ? NULL : queue_last;
	o->next = front ? queue_first : NULL;
	if (o->before)
		o->before->next = o;
	else
		queue_first = o;
	if (o->next)
		o->next->before = o;
	else
		queue_last = o;
}

void output_schedule(struct output *o)
{
	if (!o->queued && o->owner && o->owner->attached && o->sent < o->end)
		append(o, false);
}

void output_return(struct output *o)
{
	if (!o->queued)
		append(o, true);
}

void output_unschedule(struct output *o)
{
	if (!o->queued)
		return;
	if (o->before)
		o->before->next = o->next;
	else
		queue_first = o->next;
	if (o->next)
		o->next->before = o->before;
	else
		queue_last = o->before;
	o->queued = false;
}

struct output *output_next(void)
{
	struct output *o = queue_first;
	if (o)
		output_unschedule(o);
	return o;
}

bool outputs_fresh(uint64_t most)
{
	for (const struct output *o = queue_first; o; o = o->next)
		if (o->sent || o->end > most)
			return false;
	return true;
}

void output_watch(struct output *o)
{
	if (!o->hung && !(o->owner && o->owner->fresh))
		watch_set(&o->watch, o->dropping || !ring_full(&o->ring) ? EPOLLIN : 0);
}

static void output_ended(struct output *o)
{
	if (o->owner && o->owner->terminal && !o->owner->exited) {
		o->hung = true;
		watch_set(&o->watch, 0);
		timers_changed = true;
		return;
	}
	watch_close(&o->watch);
	if (!o->owner)
		free_later(o);
	else
		execution_settle(o->owner);
}

/* Nothing more was in the pipe when the main process ended. */
static void owes_nothing(struct output *o)
{
	if (o->owed) {
		o->owed = 0;
		timers_changed = true;
	}
}

/* Reads once; false where there is no more to read now. */
static bool take(struct output *o)
{
	struct watch *watch = &o->watch;
	size_t room = READ_MAX;
	uint8_t *space = o->dropping ? scratch : ring_space(&o->ring, &room);
	if (!space) {
		watch_set(watch, 0); /* full, or no memory for a ring: an ACK or the next read comes back here */
		return false;
	}
	if (room > READ_MAX)
		room = READ_MAX;
	ssize_t n = read(watch->fd, space, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		owes_nothing(o);
		return false;
	}
	if (n <= 0) {
		output_ended(o);
		return false;
	}
	bool counts = o->owner && (!o->dropping || o->owner->discarding) && !o->owner->finished;
	if (counts)
		o->end += (uint64_t)n;
	if (!o->dropping) {
		ring_grow(&o->ring, (size_t)n);
		output_schedule(o);
		output_watch(o);
		if (n == TURN && o->end <= TURN)
			fcntl(watch->fd, F_SETPIPE_SZ, HOT_PIPE);
	} else if (counts) {
		o->base = o->sent = o->end;
	}
	if (o->owner && o->owner->exited) {
		o->last_read_ms = now_ms();
		bool emptied = n < (ssize_t)room && !o->owner->terminal;
		if ((uint32_t)n >= o->owed || emptied)
			owes_nothing(o);
		else
			o->owed -= (uint32_t)n;
	}
	return true;
}

static void output_ready(struct watch *watch, uint32_t events)
{
	struct output *o = (struct output *)watch;
	if (events & EPOLLIN) {
		take(o);
		return;
	}
	owes_nothing(o); /* hung up, and nothing left to read */
	output_ended(o);
}

void output_retry(struct output *o)
{
	o->hung = false;
	output_watch(o);
}

void output_probe(struct output *o)
{
	while (o->watch.fd >= 0 && o->owed && take(o))
		;
}

struct output *output_open(struct execution *owner, int fd, int writer, uint8_t type)
{
	struct output *o = calloc(1, sizeof *o);
	if (!o)
		return NULL;
	o->watch.ready = output_ready;
	o->watch.fd = fd;
	o->writer = writer;
	o->owner = owner;
	o->type = type;
	o->ring.size = owner->builtin ? RING_SIZE_SMALL : RING_SIZE;
	return o;
}

void output_let_go(struct output *o)
{
	if (o->writer >= 0)
		close(o->writer);
	o->writer = -1;
}

bool output_acknowledge(struct output *o, uint64_t offset)
{
	if (offset > o->sent)
		return o->owner->discarding && offset <= o->end;
	if (offset > o->base) {
		ring_drop(&o->ring, (size_t)(offset - o->base));
		o->base = offset;
		output_watch(o);
		if ((!o->ring.used && o->ring.high > TURN) || o->owed)
			timers_changed = true;
	}
	return true;
}

void output_discard(struct output *o)
{
	output_unschedule(o);
	o->dropping = true;
	o->base = o->sent = o->end;
	ring_free(&o->ring);
	output_watch(o);
	execution_settle(o->owner);
}

void output_release(struct output *o)
{
	output_unschedule(o);
	output_let_go(o);
	ring_free(&o->ring);
	o->owner = NULL;
	o->hung = false;
	o->dropping = true;
	if (o->watch.fd < 0)
		free_later(o);
	else
		output_watch(o);
}

void outputs_trim(void)
{
	for (struct execution *e = executions; e; e = e->next)
		for (int i = 0; i < 2; i++)
			if (e->out[i])
				ring_trim(&e->out[i]->ring);
}

uint8_t *output_header(uint8_t *header, const struct output *o, size_t length)
{
	frame_header(header, (uint32_t)length + 8, o->owner->id, o->type);
	for (int i = 0; i < 8; i++)
		header[FRAME_HEADER + i] = (uint8_t)(o->sent >> (8 * i));
	return header;
}
