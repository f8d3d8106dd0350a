#define _GNU_SOURCE
#include "pty.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

static int open_slave(int master)
{
	int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
	int slave = ioctl(master, TIOCGPTPEER, flags);
	if (slave >= 0)
		return slave;
	int number; /* kernels without TIOCGPTPEER, such as gVisor's */
	char path[32];
	if (ioctl(master, TIOCGPTN, &number) < 0)
		return -1;
	snprintf(path, sizeof path, "/dev/pts/%d", number);
	return open(path, flags | O_NOFOLLOW);
}

int pty_open(uint16_t cols, uint16_t rows, uid_t owner, int *master, int *slave)
{
	int unlock = 0, error;
	struct winsize size = { .ws_col = cols ? cols : 80, .ws_row = rows ? rows : 24 };
	*slave = -1;
	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*master < 0)
		return errno;
	if (ioctl(*master, TIOCSPTLCK, &unlock) < 0 || (*slave = open_slave(*master)) < 0 ||
	    ioctl(*master, TIOCSWINSZ, &size) < 0) {
		error = errno;
		close(*master);
		if (*slave >= 0)
			close(*slave);
		return error;
	}
	if (owner && fchown(*slave, owner, (gid_t)-1) == 0)
		fchmod(*slave, 0620);
	return 0;
}
