#define _GNU_SOURCE
#include "abandoned.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int held = -1;
static const char *watched;
static uint64_t look_at;

void abandoned_watch(const char *path)
{
	held = open(path, O_PATH | O_CLOEXEC);
}

void abandoned_watch_path(const char *path)
{
	watched = path;
}

static bool gone(void)
{
	struct stat entry;
	if (watched)
		return access(watched, F_OK) != 0 && errno == ENOENT;
	return fstat(held, &entry) != 0 || entry.st_nlink == 0;
}

bool abandoned(uint64_t now, uint64_t *next)
{
	*next = 0;
	if (held < 0 && !watched)
		return false;
	bool look = now >= look_at;
	if (look)
		look_at = now + ABANDONED_LOOK_MS;
	*next = look_at;
	return look && gone();
}
