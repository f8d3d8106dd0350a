#include "connection.h"
#include "execution.h"
#include "guest.h"
#include "launch.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static bool obey_list(void)
{
	struct bytes *out = connection_out();
	size_t mark = frame_begin(out, 0, LISTED);
	put_u32(out, (uint32_t)execution_count);
	for (struct execution *e = executions; e; e = e->next) {
		put_u32(out, e->id);
		put_string(out, e->tag);
		put_u8(out, e->exited ? 2 : 1);
		for (int i = 0; i < 2; i++) {
			put_u64(out, e->out[i] ? e->out[i]->base : 0);
			put_u64(out, e->out[i] ? e->out[i]->end : 0);
		}
		put_u64(out, e->input.taken);
	}
	frame_end(out, mark);
	return true;
}

static bool obey_ping(struct reader *payload)
{
	size_t length = (size_t)(payload->end - payload->at);
	if (length > 64)
		return false;
	size_t mark = frame_begin(connection_out(), 0, PONG);
	put(connection_out(), payload->at, length);
	frame_end(connection_out(), mark);
	return true;
}

static bool obey_exec(uint32_t id, struct reader *payload)
{
	if (execution_find(id))
		return false;
	struct failure failure = { 0 };
	if (!launch(id, payload, &failure)) {
		if (!failure.error)
			return false;
		size_t mark = frame_begin(connection_out(), id, FAILED);
		put_u32(connection_out(), (uint32_t)failure.error);
		put_string(connection_out(), failure.message);
		frame_end(connection_out(), mark);
	}
	return true;
}

static bool obey_signal(struct execution *e, struct reader *payload)
{
	uint32_t number = read_u32(payload);
	if (!read_done(payload) || number > 64)
		return false;
	if (e->exited)
		connection_send_refused(e->id, SIGNAL, "the execution has ended");
	else if (number == SIGKILL)
		execution_kill(e);
	else
		kill(-e->pid, (int)number);
	return true;
}

static bool obey_resize(struct execution *e, struct reader *payload)
{
	struct winsize size = { .ws_col = read_u16(payload) };
	size.ws_row = read_u16(payload);
	if (!read_done(payload))
		return false;
	if (!e->terminal || e->out[0]->watch.fd < 0)
		connection_send_refused(e->id, RESIZE, "the execution has no terminal");
	else
		ioctl(e->out[0]->watch.fd, TIOCSWINSZ, &size);
	return true;
}

static bool obey_ack(struct execution *e, struct reader *payload)
{
	uint8_t stream = read_u8(payload);
	uint64_t offset = read_u64(payload);
	if (!read_done(payload) || stream < 1 || stream > 2)
		return false;
	if (!e->attached)
		return true;
	struct output *o = e->out[stream - 1];
	return o ? output_acknowledge(o, offset) : offset == 0;
}

static bool attach_output(struct execution *e, int i, uint64_t offset)
{
	struct output *o = e->out[i];
	if (!o)
		return offset == 0;
	if (offset > o->end)
		return false;
	if (offset > o->base) {
		ring_drop(&o->ring, (size_t)(offset - o->base));
		o->base = offset;
	}
	o->sent = offset;
	output_watch(o);
	output_schedule(o);
	return true;
}

static bool obey_attach(struct execution *e, struct reader *payload)
{
	uint64_t offset[2] = { read_u64(payload), 0 };
	offset[1] = read_u64(payload);
	if (!read_done(payload) || e->attached)
		return false;
	for (int i = 0; i < 2; i++)
		if (e->out[i] && offset[i] < e->out[i]->base && !e->discarding) {
			connection_send_refused(e->id, ATTACH, "output before the offset that is kept was asked for");
			return true;
		}
	e->attached = true;
	for (int i = 0; i < 2; i++) {
		bool gone = e->discarding && e->out[i];
		if (!attach_output(e, i, gone ? e->out[i]->base : offset[i]))
			return false;
	}
	if (!e->exited && e->input.taken - e->input.used > 0)
		connection_send_credit(e, e->input.credited = e->input.taken - e->input.used);
	if (!e->exited && e->input.closed && !e->input.ending)
		connection_send_stdin_closed(e);
	execution_settle(e);
	return true;
}

static bool obey_exit_ack(struct execution *e, struct reader *payload)
{
	if (!read_done(payload) || !e->exit_sent)
		return false;
	execution_forget(e);
	return true;
}

static bool obey_stdin(struct execution *e, struct reader *payload)
{
	uint64_t offset = read_u64(payload);
	size_t length = (size_t)(payload->end - payload->at);
	return !payload->bad && input_write(&e->input, offset, payload->at, length);
}

static bool obey_stdin_eof(struct execution *e, struct reader *payload)
{
	uint64_t offset = read_u64(payload);
	return read_done(payload) && input_end(&e->input, offset);
}

static bool obey_discard(struct execution *e, struct reader *payload)
{
	if (!read_done(payload))
		return false;
	if (e->discarding)
		return true;
	e->discarding = true;
	for (int i = 0; i < 2; i++)
		if (e->out[i])
			output_discard(e->out[i]);
	return true;
}

/* A frame about the guest itself; execution 0. */
static bool obey_channel(uint8_t type, struct reader *payload)
{
	if (type == LIST)
		return read_done(payload) && obey_list();
	if (type == PING)
		return obey_ping(payload);
	if (type == SHUTDOWN) {
		uint32_t grace_ms = read_u32(payload);
		if (!read_done(payload))
			return false;
		guest_shut_down(grace_ms);
		return true;
	}
	return false;
}

static bool well_formed(uint8_t type, const struct reader *payload)
{
	size_t length = (size_t)(payload->end - payload->at);
	switch (type) {
	case STDIN: return length >= 8;
	case STDIN_EOF: return length == 8;
	case SIGNAL: case RESIZE: return length == 4;
	case ACK: return length == 9;
	case ATTACH: return length == 16;
	case EXIT_ACK: case OUTPUT_DISCARD: return length == 0;
	default: return false;
	}
}

bool request_obey(uint32_t id, uint8_t type, struct reader *payload)
{
	if (id == 0)
		return obey_channel(type, payload);
	if (type == EXEC)
		return obey_exec(id, payload);
	if (!well_formed(type, payload))
		return false;
	struct execution *e = execution_find(id);
	if (!e) {
		if (type != ACK && type != EXIT_ACK)
			connection_send_refused(id, type, "no such execution: it was never started here, or its exit was acknowledged");
		return true;
	}
	switch (type) {
	case STDIN: return obey_stdin(e, payload);
	case STDIN_EOF: return obey_stdin_eof(e, payload);
	case SIGNAL: return obey_signal(e, payload);
	case RESIZE: return obey_resize(e, payload);
	case ACK: return obey_ack(e, payload);
	case EXIT_ACK: return obey_exit_ack(e, payload);
	case ATTACH: return obey_attach(e, payload);
	default: return obey_discard(e, payload);
	}
}
