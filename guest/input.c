#include "execution.h"
#include "connection.h"
#include "frame.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

enum { CREDIT_STEP = 64 << 10 };

static void input_credit(struct input *in)
{
	uint64_t has = in->taken - in->used;
	if (has > in->credited && (!in->used || has - in->credited >= CREDIT_STEP)) {
		in->credited = has;
		connection_send_credit(in->owner, has);
	}
}

void input_close(struct input *in, bool tell)
{
	if (in->closed)
		return;
	in->closed = true;
	watch_close(&in->watch);
	if (in->buffer)
		munmap(in->buffer, INPUT_SIZE);
	in->buffer = NULL;
	in->used = 0;
	if (tell)
		connection_send_stdin_closed(in->owner);
}

/* A terminal has no end of file but the character that says so; within a line the first only hands the line over. */
static void terminal_end(struct input *in)
{
	struct termios settings;
	if (tcgetattr(in->watch.fd, &settings) == 0 && settings.c_cc[VEOF]) {
		char twice[2] = { (char)settings.c_cc[VEOF], (char)settings.c_cc[VEOF] };
		bool within = in->taken && in->last != '\n' && in->last != '\r' && (settings.c_lflag & ICANON);
		if (write(in->watch.fd, twice, within ? 2 : 1) < 0)
			return;
	}
}

static void input_settle(struct input *in)
{
	if (in->closed)
		return;
	input_credit(in);
	if (!in->used && in->ending) {
		if (in->terminal)
			terminal_end(in);
		input_close(in, false);
		return;
	}
	/* A terminal that nobody has open now may be opened again: its hang-up says nothing. */
	watch_set(&in->watch, in->used ? EPOLLOUT : in->terminal || in->unwatched ? 0 : EPOLLERR);
}

/* What the program takes now; 0 when it takes nothing. Closes when nobody reads. */
static size_t push(struct input *in, const uint8_t *bytes, size_t length)
{
	ssize_t n = write(in->watch.fd, bytes, length);
	if (n > 0)
		in->last = bytes[n - 1];
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		input_close(in, true);
	return n > 0 ? (size_t)n : 0;
}

static void input_ready(struct watch *watch, uint32_t events)
{
	struct input *in = (struct input *)watch;
	if ((events & (EPOLLERR | EPOLLHUP)) && !in->used) {
		input_close(in, true);
		return;
	}
	while (in->used) {
		size_t part = in->used < INPUT_SIZE - in->head ? in->used : INPUT_SIZE - in->head;
		size_t n = push(in, in->buffer + in->head, part);
		if (in->closed)
			return;
		in->used -= (uint32_t)n;
		in->head = in->used ? (in->head + (uint32_t)n) % INPUT_SIZE : 0;
		if (n < part)
			break;
	}
	if ((events & (EPOLLERR | EPOLLHUP)) && in->used) {
		input_close(in, true);
		return;
	}
	input_settle(in);
}

void input_open(struct execution *owner, int fd, bool terminal)
{
	struct input *in = &owner->input;
	in->watch.ready = input_ready;
	in->watch.fd = fd;
	in->owner = owner;
	in->terminal = terminal;
	in->unwatched = true;
}

void input_watch(struct input *in)
{
	in->unwatched = false;
	input_settle(in);
}

static bool keep(struct input *in, const uint8_t *bytes, size_t length)
{
	if (!in->buffer) {
		void *p = mmap(NULL, INPUT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return false;
		in->buffer = p;
	}
	while (length) {
		uint32_t tail = (in->head + in->used) % INPUT_SIZE;
		size_t part = length < INPUT_SIZE - tail ? length : INPUT_SIZE - tail;
		memcpy(in->buffer + tail, bytes, part);
		in->used += (uint32_t)part;
		bytes += part;
		length -= part;
	}
	return true;
}

bool input_write(struct input *in, uint64_t offset, const uint8_t *bytes, size_t length)
{
	if (offset > in->taken)
		return false;
	uint64_t have = in->taken - offset;
	if (have >= length)
		return true;
	bytes += have;
	length -= (size_t)have;
	if (!in->closed && length > INPUT_SIZE - in->used)
		return false;
	in->taken += length;
	if (in->closed)
		return true;
	if (in->ending)
		return false;
	if (!in->used) {
		size_t n = push(in, bytes, length);
		if (in->closed)
			return true;
		bytes += n;
		length -= n;
	}
	if (length && !keep(in, bytes, length))
		input_close(in, true);
	input_settle(in);
	return true;
}

bool input_end(struct input *in, uint64_t offset)
{
	if (offset != in->taken)
		return in->closed;
	if (!in->closed && !in->ending) {
		in->ending = true;
		input_settle(in);
	}
	return true;
}
