#define _GNU_SOURCE
#include "loop.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64 };

static int epoll_fd = -1;

struct grave {
	struct grave *next;
	void *p;
};
static struct grave *graves;

void loop_open(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		_exit(70);
}

void watch_set(struct watch *watch, uint32_t events)
{
	if (watch->events == events || watch->fd < 0)
		return;
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int op = !events ? EPOLL_CTL_DEL : watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	epoll_ctl(epoll_fd, op, watch->fd, &event);
	watch->events = events;
}

void watch_close(struct watch *watch)
{
	if (watch->fd < 0)
		return;
	watch_set(watch, 0);
	close(watch->fd);
	watch->fd = -1;
}

void free_later(void *p)
{
	struct grave *grave = malloc(sizeof *grave);
	if (!grave)
		return; /* a leak is better than a dangling pointer */
	grave->p = p;
	grave->next = graves;
	graves = grave;
}

static void turn(const struct epoll_event *events, int n)
{
	for (int i = 0; i < n; i++) {
		struct watch *watch = events[i].data.ptr;
		if (watch->fd >= 0 && watch->events)
			watch->ready(watch, events[i].events);
	}
	while (graves) {
		struct grave *grave = graves;
		graves = grave->next;
		free(grave->p);
		free(grave);
	}
}

void loop_turn(int timeout_ms)
{
	struct epoll_event events[EVENTS];
	turn(events, epoll_wait(epoll_fd, events, EVENTS, timeout_ms));
}

void loop_turn_us(uint32_t timeout_us)
{
	struct epoll_event events[EVENTS];
	const struct timespec timeout = { .tv_nsec = timeout_us * 1000l };
	int n = (int)syscall(SYS_epoll_pwait2, epoll_fd, events, EVENTS, &timeout, NULL, 0);
	if (n < 0 && errno != EINTR) { /* before Linux 5.11, epoll counts in milliseconds only */
		struct pollfd ready = { .fd = epoll_fd, .events = POLLIN };
		ppoll(&ready, 1, &timeout, NULL);
		n = epoll_wait(epoll_fd, events, EVENTS, 0);
	}
	turn(events, n);
}

uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t now_ms(void)
{
	return now_us() / 1000;
}
