#define _GNU_SOURCE
#include "connection.h"
#include "execution.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	IN_SIZE = EXEC_MAX + FRAME_HEADER,
	IN_TURN = 256 << 10,
	OUT_ENOUGH = 256 << 10, /* more waiting than this: nothing new is read from the peer */
	SMALL = 4 << 10,        /* output up to this size travels together with other frames */
	FLUSH_TURN = 1 << 20,
	VERSION = 1,
	HOLD_US = 400,
	SEND_BUFFER = 1 << 20, /* the kernel gives what it allows */
};

static struct watch listener = { .fd = -1 }, peer = { .fd = -1 };
static uint8_t *in;
static size_t in_used;
static struct bytes out;
static size_t out_sent;
static bool blocked, had_peer;
static uint64_t boot_id, hold_until_us;
static size_t held; /* how much of the queue may wait */

bool connection_open(void) { return peer.fd >= 0; }
bool connection_ended(void) { return had_peer && peer.fd < 0; }
bool connection_idle(void) { return peer.fd < 0 || out_sent == out.length; }
struct bytes *connection_out(void) { return &out; }

static void peer_close(void)
{
	watch_close(&peer);
	executions_detach();
	out.length = out_sent = held = in_used = 0;
	blocked = false;
	madvise(in, IN_SIZE, MADV_DONTNEED);
}

static void peer_watch(void)
{
	bool full = out.length - out_sent > OUT_ENOUGH;
	watch_set(&peer, (full ? 0 : EPOLLIN) | (blocked ? EPOLLOUT : 0) | EPOLLRDHUP);
}

static uint32_t number_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Obeys the frames that are complete; false when the peer broke the protocol. */
static bool obey_all(void)
{
	size_t at = 0;
	while (in_used - at >= FRAME_HEADER) {
		uint32_t length = number_at(in + at), execution = number_at(in + at + 4);
		uint8_t type = in[at + 8];
		if (length > (type == EXEC ? EXEC_MAX : PAYLOAD_MAX))
			return false;
		if (in_used - at - FRAME_HEADER < length)
			break;
		const uint8_t *payload = in + at + FRAME_HEADER;
		struct reader reader = { .at = payload, .end = payload + length };
		if (!request_obey(execution, type, &reader))
			return false;
		at += FRAME_HEADER + length;
	}
	memmove(in, in + at, in_used - at);
	in_used -= at;
	return true;
}

/* Reads once: 1 more may come, 0 nothing now, -1 it is over. */
static int peer_read(void)
{
	size_t room = IN_SIZE - in_used;
	ssize_t n = recv(peer.fd, in + in_used, room < IN_TURN ? room : IN_TURN, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	in_used += (size_t)n;
	return obey_all() ? 1 : -1;
}

static void peer_ready(struct watch *watch, uint32_t events)
{
	(void)watch;
	if (events & EPOLLOUT)
		blocked = false;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) && peer_read() < 0) {
		peer_close();
		return;
	}
	peer_watch();
}

static void peer_accept(struct watch *watch, uint32_t events)
{
	(void)events;
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		poll(NULL, 0, errno == EAGAIN ? 0 : 10); /* without descriptors or memory it stays ready: do not spin */
		return;
	}
	struct ucred who = { 0 };
	socklen_t size = sizeof who;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ SEND_BUFFER }, sizeof(int));
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
	if (who.pid > 1) { /* a process of this box: the runtime's pid has no number in here */
		close(fd);
		return;
	}
	/* What the old connection still holds was sent, so it counts: a runtime that restarts loses no stdin. */
	for (int turns = 0; peer.fd >= 0 && turns < 64; turns++)
		if (peer_read() <= 0)
			break;
	if (peer.fd >= 0)
		peer_close();
	peer.fd = fd;
	peer.ready = peer_ready;
	had_peer = true;
	size_t mark = frame_begin(&out, 0, HELLO);
	put_u32(&out, VERSION);
	put_u64(&out, boot_id);
	frame_end(&out, mark);
	peer_watch();
}

void connection_listen(int fd, uint64_t id)
{
	in = mmap(NULL, IN_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (in == MAP_FAILED)
		_exit(71);
	boot_id = id;
	listener.fd = fd;
	listener.ready = peer_accept;
	watch_set(&listener, EPOLLIN);
}

/* Sends the queue; false when the socket takes no more. */
static bool send_out(void)
{
	while (out_sent < out.length) {
		ssize_t n = send(peer.fd, out.at + out_sent, out.length - out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0) {
			if (errno != EINTR) {
				blocked = true; /* an error comes back as EPOLLERR or end of file */
				return false;
			}
			continue;
		}
		out_sent += (size_t)n;
	}
	out.length = out_sent = 0;
	return true;
}

static uint8_t *output_header(uint8_t *header, const struct output *o, size_t length)
{
	frame_header(header, (uint32_t)length + 8, o->owner->id, o->type);
	for (int i = 0; i < 8; i++)
		header[FRAME_HEADER + i] = (uint8_t)(o->sent >> (8 * i));
	return header;
}

/* Sends a piece straight from the ring; false when the socket takes no more. */
static bool send_piece(struct output *o, const uint8_t *bytes, size_t length)
{
	uint8_t header[FRAME_HEADER + 8];
	struct iovec parts[2] = { { output_header(header, o, length), sizeof header }, { (void *)bytes, length } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n = sendmsg(peer.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0) {
		output_return(o);
		blocked = errno != EINTR;
		return !blocked;
	}
	size_t sent = (size_t)n;
	if (sent < sizeof header)
		put(&out, header + sent, sizeof header - sent);
	size_t of_bytes = sent > sizeof header ? sent - sizeof header : 0;
	if (of_bytes < length)
		put(&out, bytes + of_bytes, length - of_bytes);
	o->sent += length;
	return true;
}

bool connection_flush(void)
{
	size_t turn = 0;
	held = 0;
	while (peer.fd >= 0 && !blocked && turn < FLUSH_TURN) {
		struct output *o = out.length - out_sent < TURN ? output_next() : NULL;
		if (!o) {
			if (!send_out())
				break;
			if (!(o = output_next()))
				break;
		}
		size_t length;
		const uint8_t *bytes = ring_peek(&o->ring, (size_t)(o->sent - o->base), &length);
		if (length > PAYLOAD_MAX - 8)
			length = PAYLOAD_MAX - 8;
		turn += length;
		if (length <= SMALL) {
			uint8_t header[FRAME_HEADER + 8];
			put(&out, output_header(header, o, length), sizeof header);
			put(&out, bytes, length);
			o->sent += length;
		} else if (!send_out()) {
			output_return(o);
			break;
		} else if (!send_piece(o, bytes, length)) {
			break;
		}
		output_schedule(o);
		execution_settle(o->owner);
	}
	if (peer.fd >= 0)
		peer_watch();
	return peer.fd >= 0 && !blocked && turn >= FLUSH_TURN;
}

void connection_send_started(const struct execution *e)
{
	if (out_sent == out.length)
		hold_until_us = now_us() + HOLD_US;
	size_t mark = frame_begin(&out, e->id, STARTED);
	put_u32(&out, (uint32_t)e->pid);
	frame_end(&out, mark);
	held += out.length - mark;
}

uint32_t connection_held_us(void)
{
	if (!held || out.length - out_sent != held || !outputs_fresh(SMALL))
		return 0;
	uint64_t now = now_us();
	return now < hold_until_us ? (uint32_t)(hold_until_us - now) : 0;
}

void connection_send_exit(const struct execution *e)
{
	bool signalled = WIFSIGNALED(e->status);
	uint32_t signal = signalled ? (uint32_t)WTERMSIG(e->status) : 0;
	size_t mark = frame_begin(&out, e->id, EXIT);
	put_u32(&out, signalled ? 128 + signal : (uint32_t)WEXITSTATUS(e->status));
	put_u32(&out, signal);
	put_u8(&out, (uint8_t)((e->timed_out ? 1 : 0) | (e->out_of_memory ? 2 : 0)));
	put_u64(&out, e->out[0] ? e->out[0]->end : 0);
	put_u64(&out, e->out[1] ? e->out[1]->end : 0);
	put_u64(&out, e->duration_us);
	put_u64(&out, (uint64_t)e->usage.ru_utime.tv_sec * 1000000 + (uint64_t)e->usage.ru_utime.tv_usec);
	put_u64(&out, (uint64_t)e->usage.ru_stime.tv_sec * 1000000 + (uint64_t)e->usage.ru_stime.tv_usec);
	put_u64(&out, (uint64_t)e->usage.ru_maxrss * 1024);
	frame_end(&out, mark);
}

void connection_send_credit(const struct execution *e, uint64_t offset)
{
	if (!e->attached)
		return;
	size_t mark = frame_begin(&out, e->id, STDIN_CREDIT);
	put_u64(&out, offset);
	frame_end(&out, mark);
}

void connection_send_stdin_closed(const struct execution *e)
{
	if (e->attached && !e->exited)
		frame_end(&out, frame_begin(&out, e->id, STDIN_CLOSED));
}

void connection_send_refused(uint32_t execution, uint8_t type, const char *message)
{
	size_t mark = frame_begin(&out, execution, REFUSED);
	put_u8(&out, type);
	put_string(&out, message);
	frame_end(&out, mark);
}
