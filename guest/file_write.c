#define _GNU_SOURCE
#include "file.h"
#include "tar.h"
#include "tar_header.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PIECE = 256 << 10, LINKS = 40, NO_REPLACE = 1 };

static uint8_t piece[PIECE];
static int parent = -1;
static char temporary[40];

static void remove_temporary(void)
{
	unlinkat(parent, temporary, 0);
}

static void cut(int number)
{
	remove_temporary();
	_exit(128 + number);
}

/* Goes on to what links at the path lead to, so that the file behind them is written. */
static void follow_links(const char **last)
{
	static char target[2][NAME_MAX_LENGTH];
	for (int turn = 0;; turn++) {
		char *to = target[turn % 2];
		ssize_t length = readlinkat(parent, *last, to, NAME_MAX_LENGTH - 1);
		if (length < 0)
			return;
		if (turn == LINKS) {
			errno = ELOOP;
			file_fail("cannot write", *last);
		}
		to[length] = 0;
		char *slash = strrchr(to, '/');
		const char *name = slash ? slash + 1 : to;
		if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			tar_fail("invalid_argument", "%.200s is a link to a directory: %.300s; write a file in it", *last, to);
		if (slash) {
			char kept = slash[1];
			slash[1] = 0;
			int next = file_open(parent, to, O_PATH | O_DIRECTORY);
			if (next < 0)
				file_fail("cannot write where the link leads:", to);
			slash[1] = kept;
			close(parent);
			parent = next;
		}
		*last = name;
	}
}

static void write_all(int fd, const uint8_t *bytes, size_t length, const char *path)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			file_fail("cannot write", path);
		bytes += n;
		length -= (size_t)n;
	}
}

static void copy_input(int to, const char *path)
{
	for (;;) {
		ssize_t n = read(0, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			file_fail("cannot write", path);
		if (n == 0)
			return;
		write_all(to, piece, (size_t)n, path);
	}
}

static void refuse_existing(const char *path)
{
	tar_fail("already_exists", "%.500s exists already; allow overwriting or choose another path", path);
}

static void put_in_place(const char *last, bool overwrite, const char *path)
{
	if (overwrite) {
		if (renameat(parent, temporary, parent, last) == 0)
			return;
		if (errno == EBUSY)
			tar_fail("storage_failed", "%.500s cannot be replaced: something is mounted there; write to it with a command", path);
	} else {
		if (syscall(SYS_renameat2, parent, temporary, parent, last, NO_REPLACE) == 0)
			return;
		if ((errno == ENOSYS || errno == EINVAL) && linkat(parent, temporary, parent, last, 0) == 0)
			return remove_temporary();
		if (errno == EEXIST)
			refuse_existing(path);
	}
	file_fail("cannot write", path);
}

int file_write(char *path, const char *mode, bool overwrite)
{
	const char *last;
	struct stat st;
	uint64_t random;
	if (file_names_directory(path))
		file_refuse_slash(path);
	parent = file_open_parent(path, &last, true);
	follow_links(&last);
	bool there = fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!there && errno != ENOENT)
		file_fail("cannot write", path);
	if (there && S_ISDIR(st.st_mode))
		tar_fail("invalid_argument", "%.500s is a directory; write a file in it, or remove it first", path);
	if (there && !S_ISREG(st.st_mode))
		tar_fail("invalid_argument", "%.500s is a %s, not a file; write to it with a command", path, file_kind(st.st_mode));
	if (there && !overwrite)
		refuse_existing(path);
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		file_fail("cannot write", path);
	snprintf(temporary, sizeof temporary, ".boxlite-%016llx", (unsigned long long)random);
	tar_clean_up = remove_temporary;
	signal(SIGTERM, cut);
	int fd = openat(parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT)
		tar_fail("storage_failed", "no file can be made at %.500s: the directory is the kernel's, or was removed", path);
	if (fd < 0)
		file_fail("cannot write", path);
	copy_input(fd, path);
	if (there && geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0 && errno != EPERM && errno != EINVAL)
		file_fail("cannot set the owner of", path);
	mode_t bits = *mode != '-' ? (mode_t)strtoul(mode, NULL, 8) & 07777 : there ? st.st_mode & 0777 : 0644;
	if (fchmod(fd, bits) < 0)
		file_fail("cannot set the mode of", path);
	put_in_place(last, overwrite, path);
	tar_clean_up = NULL;
	return 0;
}
