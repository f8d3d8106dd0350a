#include "oom.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fd = -2;

void oom_whole_machine(void) { fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC); }

uint64_t oom_kills(void)
{
	if (fd == -2) {
		fd = open("/sys/fs/cgroup/memory.events", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fd = open("/sys/fs/cgroup/memory/memory.oom_control", O_RDONLY | O_CLOEXEC);
	}
	static char text[16384];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = 0;
	char *found = strstr(text, "oom_kill ");
	return found ? strtoull(found + 9, NULL, 10) : 0;
}
