#define _GNU_SOURCE
#include "file.h"
#include "tar.h"
#include "tar_header.h"
#include "tar_place.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
enum { NO_MAGIC_LINKS = 0x02, HELD = 64 << 10 };

static char held[HELD];
static size_t held_length;

void file_flush(void)
{
	for (size_t at = 0; at < held_length;) {
		ssize_t n = write(1, held + at, held_length - at);
		if (n < 0 && errno != EINTR)
			_exit(1);
		at += n < 0 ? 0 : (size_t)n;
	}
	held_length = 0;
}

void file_put(const void *bytes, size_t length)
{
	if (held_length + length > sizeof held)
		file_flush();
	memcpy(held + held_length, bytes, length);
	held_length += length;
}

const char *file_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return "file";
	case S_IFDIR: return "directory";
	case S_IFLNK: return "link";
	case S_IFIFO: return "pipe";
	case S_IFSOCK: return "socket";
	case S_IFCHR: return "character device";
	default: return "block device";
	}
}

void file_tell(int directory, const char *at, const char *name, const struct stat *st)
{
	char line[160], target[NAME_MAX_LENGTH];
	ssize_t target_length = 0;
	int length = snprintf(line, sizeof line, "%c %o %llu %lld %ld %u %u", file_kind(st->st_mode)[0],
			      (unsigned)(st->st_mode & 07777), (unsigned long long)st->st_size, (long long)st->st_mtim.tv_sec,
			      st->st_mtim.tv_nsec, st->st_uid, st->st_gid);
	if (S_ISLNK(st->st_mode))
		target_length = readlinkat(directory, at, target, sizeof target - 1);
	target[target_length > 0 ? target_length : 0] = 0;
	file_put(line, (size_t)length + 1);
	file_put(name, strlen(name) + 1);
	file_put(target, strlen(target) + 1);
}

bool file_names_directory(const char *path)
{
	size_t length = strlen(path);
	return length > 1 && path[length - 1] == '/';
}

void file_refuse_slash(const char *path)
{
	tar_fail("invalid_argument", "%.500s ends with a slash, which only a directory does; leave the slash out", path);
}

/* Whether only the slash at its end keeps a path from being that of a file. */
static bool is_file_but_for_slash(const char *path)
{
	char copy[NAME_MAX_LENGTH];
	struct stat st;
	size_t length = strlen(path);
	if (!file_names_directory(path) || length >= sizeof copy)
		return false;
	while (length > 1 && path[length - 1] == '/')
		length--;
	memcpy(copy, path, length);
	copy[length] = 0;
	return stat(copy, &st) == 0 && !S_ISDIR(st.st_mode);
}

void file_fail(const char *doing, const char *path)
{
	int error = errno;
	if (error == ENOTDIR && is_file_but_for_slash(path))
		file_refuse_slash(path);
	errno = error;
	if (errno == ENOENT || errno == ENOTDIR)
		tar_fail("not_found", "there is no such file or directory in the box: %.500s", path);
	if (errno == ELOOP)
		tar_fail("invalid_argument", "%s %.500s: the way there goes in circles or through a link of the kernel's", doing, path);
	tar_fail_errno(doing, path);
}

int file_open(int directory, const char *path, int flags)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC), .resolve = NO_MAGIC_LINKS };
	long fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	return openat(directory, path, flags | O_CLOEXEC); /* gVisor's kernel, where such a link leads to nothing else */
}

int file_open_parent(char *path, const char **last, bool made)
{
	size_t length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		path[--length] = 0;
	char *slash = strrchr(path, '/');
	*last = slash ? slash + 1 : path;
	if (!**last || strcmp(*last, ".") == 0 || strcmp(*last, "..") == 0)
		tar_fail("invalid_argument", "%.500s does not name a file; give a path that ends with a name", path);
	if (!slash)
		return file_open(AT_FDCWD, ".", O_PATH | O_DIRECTORY);
	*slash = 0;
	const char *above = slash == path ? "/" : path;
	int fd = file_open(AT_FDCWD, above, O_PATH | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT && made) {
		place_make(above);
		fd = file_open(AT_FDCWD, above, O_PATH | O_DIRECTORY);
	}
	if (fd < 0 && errno == ENOTDIR)
		tar_fail(made ? "invalid_argument" : "not_found", "not a directory: %.500s", above);
	if (fd < 0)
		file_fail("cannot open", above);
	*slash = '/';
	return fd;
}

static int list(const char *path)
{
	int fd = file_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	struct stat st;
	if (fd < 0 && errno == ENOTDIR && stat(path, &st) == 0)
		tar_fail("invalid_argument", "%.500s is a %s, not a directory; ask for it by stat or read", path, file_kind(st.st_mode));
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	if (!entries)
		file_fail("cannot list", path);
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(entries);
		if (!entry)
			break;
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			file_tell(fd, name, name, &st);
		else if (errno != ENOENT) /* removed since it was read */
			file_fail("cannot list", path);
	}
	if (errno)
		file_fail("cannot list", path);
	return 0;
}

static int tell(const char *path, bool follow)
{
	struct stat st;
	if (fstatat(AT_FDCWD, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		file_fail("cannot look at", path);
	file_tell(AT_FDCWD, path, "", &st);
	return 0;
}

static int make_directory(char *path, bool parents, const char *mode)
{
	struct stat st;
	const char *last;
	int parent = file_open_parent(path, &last, parents);
	mode_t bits = (mode_t)strtoul(mode, NULL, 8) & 07777;
	umask(0);
	if (mkdirat(parent, last, bits & 01777) == 0) {
		if (!(bits & 06000))
			return 0;
		/* Not by its name: whoever owns the parent may have put a link there by now. */
		int fd = openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fchmod(fd, bits) < 0)
			file_fail("cannot set the mode of", path);
		return 0;
	}
	if (errno != EEXIST)
		file_fail("cannot make directory", path);
	if (!parents || fstatat(parent, last, &st, 0) < 0 || !S_ISDIR(st.st_mode))
		tar_fail("already_exists", "%.500s exists already; %s", path,
			 parents ? "and is no directory" : "choose another path, or allow it with parents");
	return 0;
}

static bool flag(const char *text)
{
	return text[0] == '1';
}

int file_builtin(char **argv)
{
	int count = 0, result = -1;
	while (argv[count])
		count++;
	if (count == 4 && strcmp(argv[0], "file-read") == 0)
		result = file_read(argv[1], argv[2], argv[3]);
	else if (count == 4 && strcmp(argv[0], "file-write") == 0)
		result = file_write(argv[1], argv[2], flag(argv[3]));
	else if (count == 2 && strcmp(argv[0], "file-list") == 0)
		result = list(argv[1]);
	else if (count == 3 && strcmp(argv[0], "file-stat") == 0)
		result = tell(argv[1], flag(argv[2]));
	else if (count == 3 && strcmp(argv[0], "file-remove") == 0)
		result = file_remove(argv[1], flag(argv[2]));
	else if (count == 4 && strcmp(argv[0], "file-mkdir") == 0)
		result = make_directory(argv[1], flag(argv[2]), argv[3]);
	else
		tar_fail("invalid_argument", "no such builtin: %s", argv[0]);
	file_flush();
	return result;
}
