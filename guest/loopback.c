#define _GNU_SOURCE
#include "loopback.h"
#include "loop.h"
#include "spawn.h"
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { NOBODY = 65534, PIECE = 64 << 10, FIRST_WORDS_S = 10, PEER = 0, SERVICE = 1 };

/* From one end to the other. */
struct direction {
	char held[PIECE];
	size_t start, length;
	bool ended, shut;
};

static struct watch listener = { .fd = -1 };

/* Both ends are told that it broke. */
static _Noreturn void break_off(const int fds[2])
{
	struct linger now = { 1, 0 };
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof now);
	_exit(0);
}

static void carry(struct direction *way, const int fds[2], int from)
{
	if (!way->length && !way->ended) {
		ssize_t n = recv(fds[from], way->held, sizeof way->held, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break_off(fds);
		way->ended = n == 0;
		way->start = 0;
		way->length = n > 0 ? (size_t)n : 0;
	}
	if (way->length) {
		ssize_t n = send(fds[!from], way->held + way->start, way->length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break_off(fds);
		way->start += n > 0 ? (size_t)n : 0;
		way->length -= n > 0 ? (size_t)n : 0;
	}
	if (way->ended && !way->length && !way->shut) {
		shutdown(fds[!from], SHUT_WR);
		way->shut = true;
	}
}

static void carry_both(const int fds[2])
{
	static struct direction ways[2]; /* each is named by where it comes from */
	while (!ways[PEER].shut || !ways[SERVICE].shut) {
		struct pollfd ends[2];
		for (int i = 0; i < 2; i++) {
			short events = (!ways[i].length && !ways[i].ended ? POLLIN : 0) | (ways[!i].length ? POLLOUT : 0);
			/* Poll tells of a hang-up whether it was asked for or not. */
			ends[i] = (struct pollfd){ events ? fds[i] : -1, events, 0 };
		}
		if (poll(ends, 2, -1) < 0 && errno != EINTR)
			break_off(fds);
		carry(&ways[PEER], fds, PEER);
		carry(&ways[SERVICE], fds, SERVICE);
	}
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = port, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&v4, sizeof v4) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&v6, sizeof v6) == 0)
		return fd;
	return -1;
}

/* A process for each, which is nobody: the guest itself does nothing but start it. */
static _Noreturn void serve(int fd)
{
	sigset_t none;
	struct timeval patience = { FIRST_WORDS_S, 0 };
	uint16_t port;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(fd, 3) < 0 || setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		_exit(1);
	close_between(4, INT32_MAX);
	setsockopt(3, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (recv(3, &port, sizeof port, MSG_WAITALL) != sizeof port)
		_exit(1);
	int fds[2] = { 3, connect_to(port) };
	char answer = fds[SERVICE] < 0 ? LOOPBACK_REFUSED : LOOPBACK_OPEN;
	if (send(3, &answer, 1, MSG_NOSIGNAL) == 1 && fds[SERVICE] >= 0)
		carry_both(fds);
	_exit(0);
}

static void accept_one(struct watch *watch, uint32_t events)
{
	(void)events;
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	if (fork() == 0)
		serve(fd);
	close(fd); /* one that could not be started is an end without an answer */
}

bool loopback_listen(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(LOOPBACK_PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 64) < 0)
		return false;
	listener = (struct watch){ accept_one, fd, 0 };
	watch_set(&listener, EPOLLIN);
	return true;
}
