#define _GNU_SOURCE
#include "tar_place.h"
#include "tar.h"
#include "tar_header.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
enum { NO_MAGIC_LINKS = 0x02, BENEATH = 0x08, IN_ROOT = 0x10 };

struct open_how {
	uint64_t flags, mode, resolve;
};

static int root = -1, cached = -1;
static char cached_name[NAME_MAX_LENGTH];
static bool whole_box;

int place_root_fd(void)
{
	return root;
}

void place_root(const char *path)
{
	struct stat here, top;
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fstat(root, &here) < 0 || stat("/", &top) < 0)
		tar_fail_errno("cannot open directory", path);
	whole_box = here.st_dev == top.st_dev && here.st_ino == top.st_ino;
}

void place_clean(char *name)
{
	char *to = name, *from = name;
	while (*from) {
		size_t length = strcspn(from, "/");
		if (length == 2 && from[0] == '.' && from[1] == '.')
			tar_fail("invalid_argument", "the archive holds a name with `..`: %.300s", name);
		char *next = from + length;
		if (length && !(length == 1 && *from == '.')) {
			if (to != name)
				*to++ = '/';
			memmove(to, from, length);
			to += length;
		}
		from = next + (*next == '/');
	}
	*to = 0;
}

/* Where the kernel has no openat2: one component at a time, through no symlink at all. */
static int open_by_step(const char *name)
{
	int fd = dup(root);
	char part[256];
	while (*name && fd >= 0) {
		size_t length = strcspn(name, "/");
		if (length >= sizeof part) {
			close(fd);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, name, length);
		part[length] = 0;
		int next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int error = errno;
		close(fd);
		errno = error;
		fd = next;
		name += length + (name[length] == '/');
	}
	return fd;
}

static int open_below(const char *name)
{
	static bool by_step;
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = NO_MAGIC_LINKS | (whole_box ? IN_ROOT : BENEATH) };
	if (!*name)
		return dup(root);
	if (!by_step) {
		long fd = syscall(SYS_openat2, root, name, &how, sizeof how);
		if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
			return (int)fd;
		by_step = true;
	}
	return open_by_step(name);
}

static _Noreturn void blocked(const char *name)
{
	if (errno == EXDEV || errno == ELOOP)
		tar_fail("invalid_argument", "the way to %.300s goes through a symlink that leads out of the destination", name);
	if (errno == ENOTDIR)
		tar_fail("invalid_argument", "the way to %.300s goes through something that is not a directory", name);
	tar_fail_errno("cannot open the directory of", name);
}

/* Makes what is missing of a directory below the destination. */
static int make_below(char *name)
{
	int above = dup(root), fd = -1;
	for (char *end = name;; end++) {
		if (*end && *end != '/')
			continue;
		char kept = *end;
		*end = 0;
		fd = open_below(name);
		if (fd < 0 && errno == ENOENT) {
			char *slash = strrchr(name, '/');
			if (mkdirat(above, slash ? slash + 1 : name, 0755) < 0 && errno != EEXIST)
				tar_fail_errno("cannot make directory", name);
			fd = open_below(name);
		}
		if (fd < 0)
			blocked(name);
		close(above);
		above = fd;
		*end = kept;
		if (!kept)
			return fd;
	}
}

int place_parent(const char *name, const char **last)
{
	char parent[NAME_MAX_LENGTH];
	const char *slash = strrchr(name, '/');
	size_t length = slash ? (size_t)(slash - name) : 0;
	*last = slash ? slash + 1 : name;
	memcpy(parent, name, length);
	parent[length] = 0;
	if (cached >= 0 && strcmp(cached_name, parent) == 0)
		return cached;
	int fd = open_below(parent);
	if (fd < 0 && errno == ENOENT)
		fd = make_below(parent);
	if (fd < 0)
		blocked(name);
	if (cached >= 0)
		close(cached);
	cached = fd;
	strcpy(cached_name, parent);
	return fd;
}

bool place_is_directory(const char *name)
{
	int fd = open_below(name);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void place_make(const char *path)
{
	char part[NAME_MAX_LENGTH];
	struct stat st;
	strcpy(part, path);
	for (char *end = part + 1; *part; end++) {
		if (*end && *end != '/')
			continue;
		char kept = *end;
		*end = 0;
		if (mkdir(part, 0755) < 0 && (errno != EEXIST || stat(part, &st) < 0 || !S_ISDIR(st.st_mode))) {
			if (errno == EEXIST || errno == ENOTDIR || errno == ENOENT)
				tar_fail("invalid_argument", "not a directory: %.300s", part);
			tar_fail_errno("cannot make directory", part);
		}
		*end = kept;
		if (!kept)
			return;
	}
}
