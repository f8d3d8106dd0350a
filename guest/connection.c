#define _GNU_SOURCE
#include "connection.h"
#include "execution.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	IN_SIZE = EXEC_MAX + FRAME_HEADER,
	IN_TURN = 256 << 10,
	OUT_ENOUGH = 256 << 10, /* more waiting than this: nothing new is read from the peer */
	SMALL = 4 << 10,        /* output up to this size travels together with other frames */
	FLUSH_TURN = 1 << 20,
	HOLD_US = 400,
	SEND_BUFFER = 1 << 20, /* the kernel gives what it allows */
	PORT_TURNS = 500,
};

static struct watch listener = { .fd = -1 }, port = { .fd = -1 }, peer = { .fd = -1 };
static int port_directory = -1;
static const char *port_name;
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

static void port_open(void);

static void peer_close(void)
{
	watch_close(&peer);
	executions_detach();
	out.length = out_sent = held = in_used = 0;
	blocked = false;
	madvise(in, IN_SIZE, MADV_DONTNEED);
	if (port_name)
		port_open();
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
	ssize_t n = read(peer.fd, in + in_used, room < IN_TURN ? room : IN_TURN);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	in_used += (size_t)n;
	return obey_all() ? 1 : -1;
}

/* What the runtime had sent counts, also when it has gone since. */
static void peer_drain(void)
{
	for (int turns = 0; peer.fd >= 0 && turns < 64; turns++)
		if (peer_read() <= 0)
			break;
	if (peer.fd >= 0)
		peer_close();
}

static void peer_ready(struct watch *watch, uint32_t events)
{
	(void)watch;
	if (port_name && (events & EPOLLHUP)) {
		peer_drain();
		return;
	}
	if (events & EPOLLOUT)
		blocked = false;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) && peer_read() < 0) {
		peer_close();
		return;
	}
	peer_watch();
}

static void peer_greet(int fd)
{
	peer.fd = fd;
	peer.ready = peer_ready;
	had_peer = true;
	connection_send_hello(boot_id);
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
	peer_drain();
	peer_greet(fd);
}

/* At a port there is nothing to accept: it has hung up while no runtime is there, and is writable once one is. Opened
   anew for each, so that no byte meant for one reaches the next. */
static void port_ready(struct watch *watch, uint32_t events)
{
	if ((events & EPOLLHUP) || !(events & EPOLLOUT))
		return;
	int fd = watch->fd;
	watch_set(watch, 0);
	watch->fd = -1;
	peer_greet(fd);
}

static void port_open(void)
{
	/* Busy while a child that was just forked has not yet closed what it got from here. */
	for (int turn = 0; port.fd < 0; turn++) {
		port.fd = openat(port_directory, port_name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (port.fd < 0 && turn == PORT_TURNS)
			_exit(71);
		if (port.fd < 0)
			poll(NULL, 0, 10);
	}
	port.ready = port_ready;
	/* Told once of each change: a port that has hung up would be ready without end. */
	watch_set(&port, EPOLLOUT | EPOLLET);
}

static void connection_begin(uint64_t id)
{
	in = mmap(NULL, IN_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (in == MAP_FAILED)
		_exit(71);
	boot_id = id;
}

void connection_port(int directory, const char *name, uint64_t id)
{
	connection_begin(id);
	port_directory = directory;
	port_name = name;
	port_open();
}

void connection_listen(int fd, uint64_t id)
{
	connection_begin(id);
	listener.fd = fd;
	listener.ready = peer_accept;
	watch_set(&listener, EPOLLIN);
}

/* Sends the queue; false when the socket takes no more. */
static bool send_out(void)
{
	while (out_sent < out.length) {
		ssize_t n = write(peer.fd, out.at + out_sent, out.length - out_sent);
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

/* Sends a piece straight from the ring; false when the socket takes no more. */
static bool send_piece(struct output *o, const uint8_t *bytes, size_t length)
{
	uint8_t header[FRAME_HEADER + 8];
	struct iovec parts[2] = { { output_header(header, o, length), sizeof header }, { (void *)bytes, length } };
	ssize_t n = writev(peer.fd, parts, 2);
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
		if (length > OUTPUT_MAX)
			length = OUTPUT_MAX;
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
