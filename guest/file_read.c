#define _GNU_SOURCE
#include "file.h"
#include "tar.h"
#include "tar_header.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { PIECE = 256 << 10 };

/* Looked at before it is opened for reading: to open a device may already do something. */
static int open_regular(const char *path, struct stat *st)
{
	struct statfs fs;
	for (int flags = O_PATH;; flags = O_RDONLY | O_NONBLOCK | O_NOCTTY) {
		int fd = file_open(AT_FDCWD, path, flags);
		if (fd < 0 || fstat(fd, st) < 0)
			file_fail("cannot read", path);
		if (S_ISDIR(st->st_mode))
			tar_fail("invalid_argument", "%.500s is a directory; list it, or copy it out", path);
		if (!S_ISREG(st->st_mode))
			tar_fail("invalid_argument", "%.500s is a %s, not a file; read it with a command", path, file_kind(st->st_mode));
		/* What is in there has no size, and some of it no end. gVisor's kernel does not say where its own are. */
		if (fstatfs(fd, &fs) < 0 || !tar_holds_files(fd))
			tar_fail("invalid_argument", "%.500s is a file of the kernel's; read it with a command, such as cat", path);
		if (flags != O_PATH)
			return fd;
		close(fd);
	}
}

int file_read(const char *path, const char *offset_text, const char *length_text)
{
	static uint8_t piece[PIECE];
	struct stat st;
	int fd = open_regular(path, &st);
	uint64_t size = (uint64_t)st.st_size, offset = strtoull(offset_text, NULL, 10);
	uint64_t left = offset < size ? size - offset : 0;
	if (*length_text != '-' && strtoull(length_text, NULL, 10) < left)
		left = strtoull(length_text, NULL, 10);
	file_tell(AT_FDCWD, path, "", &st);
	file_flush();
	while (left) {
		ssize_t n = pread(fd, piece, left < PIECE ? (size_t)left : PIECE, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			file_fail("cannot read", path);
		if (n == 0)
			tar_fail("storage_failed", "%.500s became shorter while it was read; read it again", path);
		for (ssize_t at = 0; at < n;) {
			ssize_t written = write(1, piece + at, (size_t)(n - at));
			if (written < 0 && errno != EINTR)
				_exit(1);
			at += written < 0 ? 0 : written;
		}
		offset += (uint64_t)n;
		left -= (uint64_t)n;
	}
	return 0;
}
