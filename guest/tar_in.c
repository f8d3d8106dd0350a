#define _GNU_SOURCE
#include "tar.h"
#include "tar_entry.h"
#include "tar_place.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_REPLACE = 1 };

static struct tar_entry entry, first;
static char temporary[NAME_MAX_LENGTH + 64];

static void remove_temporary(void)
{
	unlink(temporary);
}

static void stopped(int signal)
{
	remove_temporary();
	_exit(128 + signal);
}

/* Streams the first file beside the destination: where it belongs is known only with the second header. */
static void write_temporary(const char *destination)
{
	const char *slash = strrchr(destination, '/');
	int length = slash ? (int)(slash - destination) + 1 : 0;
	char parent[NAME_MAX_LENGTH];
	snprintf(parent, sizeof parent, "%.*s", length > 1 ? length - 1 : length, destination);
	if (*parent)
		place_make(parent);
	snprintf(temporary, sizeof temporary, "%.*s.boxlite-upload-%d", length, destination, getpid());
	tar_clean_up = remove_temporary;
	signal(SIGTERM, stopped);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		tar_fail_errno("cannot create", temporary);
	entry_write(fd, &first);
	if (close(fd) < 0)
		tar_fail_errno("cannot write", temporary);
}

/* Something is mounted on the destination, so that it cannot be replaced: its content is. */
static void overwrite_content(const char *destination)
{
	static char buffer[256 << 10];
	int from = open(temporary, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int to = open(destination, O_WRONLY | O_TRUNC | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;
	if (from < 0 || to < 0)
		tar_fail_errno("cannot write", destination);
	while ((n = read(from, buffer, sizeof buffer)) > 0)
		for (ssize_t done = 0, part; done < n; done += part)
			if ((part = write(to, buffer + done, (size_t)(n - done))) < 0)
				tar_fail_errno("cannot write", destination);
	if (n < 0 || close(to) < 0)
		tar_fail_errno("cannot write", destination);
	close(from);
	remove_temporary();
}

static void move_to(int parent, const char *name, const char *shown, int overwrite)
{
	long result = syscall(SYS_renameat2, AT_FDCWD, temporary, parent, name, overwrite ? 0 : NO_REPLACE);
	struct stat st;
	if (result < 0 && !overwrite && (errno == EINVAL || errno == ENOSYS)) {
		errno = EEXIST;
		if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			result = renameat(AT_FDCWD, temporary, parent, name);
	}
	if (result < 0 && errno == EEXIST)
		tar_fail("already_exists", "%.500s exists already; allow overwriting or choose another path", shown);
	if (result < 0 && errno == EBUSY && overwrite)
		overwrite_content(shown);
	else if (result < 0)
		tar_fail_errno("cannot create", shown);
	tar_clean_up = NULL;
	signal(SIGTERM, SIG_DFL);
}

static void enter(const char *destination)
{
	struct stat st;
	if (stat(destination, &st) < 0) {
		place_make(destination);
		entry_owns_root();
	}
	place_root(destination);
}

static void unpack_rest(int overwrite)
{
	do {
		place_clean(entry.name);
		entry_unpack(&entry, overwrite);
	} while (tar_next(&entry));
	entry_finish_directories("");
}

/* One file alone is written at the destination; more entries go into a directory made there. */
static void unpack_file_or_tree(const char *destination, int overwrite)
{
	struct stat st;
	const char *last;
	bool exists = lstat(destination, &st) == 0;
	if (exists && !overwrite)
		tar_fail("already_exists", "%.500s exists already; allow overwriting or choose another path", destination);
	first = entry;
	write_temporary(destination);
	if (!tar_next(&entry)) {
		move_to(AT_FDCWD, destination, destination, overwrite);
		return;
	}
	if (exists)
		tar_fail("invalid_argument", "%.500s is not a directory, and the archive holds more than one file", destination);
	enter(destination);
	place_clean(first.name);
	if (!*first.name)
		tar_fail("invalid_argument", "the archive holds an entry without a name");
	int parent = place_parent(first.name, &last);
	move_to(parent, last, first.name, overwrite);
	unpack_rest(overwrite);
}

static void check_destination(const char *path)
{
	size_t length = strlen(path);
	if (length == 0 || length >= NAME_MAX_LENGTH - 64)
		tar_fail("invalid_argument", "a destination of %zu bytes", length);
	for (const char *at = path; *at; at += strspn(at, "/")) {
		size_t part = strcspn(at, "/");
		if (part == 2 && at[0] == '.' && at[1] == '.')
			tar_fail("invalid_argument", "the destination holds `..`: %.300s", path);
		at += part;
	}
}

int tar_in(const char *given, int overwrite)
{
	char destination[NAME_MAX_LENGTH];
	struct stat st;
	check_destination(given);
	umask(022);
	strcpy(destination, given);
	size_t length = strlen(destination);
	bool into = destination[length - 1] == '/' || (stat(destination, &st) == 0 && S_ISDIR(st.st_mode));
	while (length > 1 && destination[length - 1] == '/')
		destination[--length] = 0;
	bool some = tar_next(&entry);
	if (some && !into && entry.type == '0') {
		unpack_file_or_tree(destination, overwrite);
	} else {
		enter(destination);
		if (some)
			unpack_rest(overwrite);
	}
	tar_drain();
	return 0;
}
