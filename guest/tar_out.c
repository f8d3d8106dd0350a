#define _GNU_SOURCE
#include "tar.h"
#include "tar_header.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Filesystems that are no files: packed as an empty directory, unless they were asked for. */
static const unsigned long no_files[] = { 0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163 };

struct level {
	const struct level *above;
	dev_t device;
	ino_t inode;
};

static struct tar_entry entry;
static int follow;

static void pack(int directory, const char *file, const struct level *above);

static void pack_data(int fd, uint64_t size)
{
	uint64_t left = size;
	while (left) {
		size_t room;
		uint8_t *to = tar_room(&room);
		size_t want = left < room ? (size_t)left : room;
		ssize_t n = read(fd, to, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			tar_fail_errno("cannot read", entry.name);
		if (n == 0) { /* it became shorter since its size was told */
			memset(to, 0, want);
			n = (ssize_t)want;
		}
		tar_fill((size_t)n);
		left -= (uint64_t)n;
	}
	tar_pad(size);
}

static bool vanished(void)
{
	return errno == ENOENT || errno == ENXIO || errno == ELOOP;
}

static void pack_file(int directory, const char *file)
{
	struct stat st;
	int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0) {
		if (vanished())
			return;
		tar_fail_errno("cannot read", entry.name);
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		entry.size = (uint64_t)st.st_size;
		tar_begin(&entry);
		pack_data(fd, entry.size);
	}
	close(fd);
}

bool tar_holds_files(int fd)
{
	struct statfs fs;
	for (size_t i = 0; fstatfs(fd, &fs) == 0 && i < sizeof no_files / sizeof *no_files; i++)
		if ((unsigned long)fs.f_type == no_files[i])
			return false;
	return true;
}

static void pack_directory(int directory, const char *file, const struct stat *st, const struct level *above)
{
	int fd = openat(directory, file, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow || !above ? 0 : O_NOFOLLOW));
	if (fd < 0) {
		if (above && vanished())
			return;
		tar_fail_errno("cannot read", entry.name);
	}
	size_t length = strlen(entry.name);
	if (length + 2 > sizeof entry.name)
		tar_fail("invalid_argument", "a path is longer than %d bytes: %.100s...", NAME_MAX_LENGTH, entry.name);
	strcpy(entry.name + length, "/");
	tar_begin(&entry);
	struct level level = { above, st->st_dev, st->st_ino };
	bool inside = !above || above->device == st->st_dev || tar_holds_files(fd);
	DIR *list = inside ? fdopendir(fd) : NULL;
	for (struct dirent *item; list && (item = readdir(list));) {
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		if (length + 1 + strlen(item->d_name) >= sizeof entry.name)
			tar_fail("invalid_argument", "a path is longer than %d bytes: %.100s...", NAME_MAX_LENGTH, entry.name);
		strcpy(entry.name + length + 1, item->d_name);
		pack(dirfd(list), item->d_name, &level);
	}
	if (list)
		closedir(list);
	else
		close(fd);
	entry.name[length] = 0;
}

static bool is_above(const struct level *level, const struct stat *st)
{
	while (level && (level->device != st->st_dev || level->inode != st->st_ino))
		level = level->above;
	return level != NULL;
}

static bool look(int directory, const char *file, const struct level *above, struct stat *st)
{
	if (fstatat(directory, file, st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	struct stat target;
	/* A link to nothing, or to a directory that holds it, stays a link. */
	if (S_ISLNK(st->st_mode) && follow && fstatat(directory, file, &target, 0) == 0 && !is_above(above, &target))
		*st = target;
	return true;
}

static void pack(int directory, const char *file, const struct level *above)
{
	struct stat st;
	if (!look(directory, file, above, &st)) {
		if (above && vanished())
			return;
		tar_fail(errno == ENOENT || errno == ENOTDIR ? "not_found" : "storage_failed", "%.500s: %s", entry.name, strerror(errno));
	}
	entry.mode = st.st_mode & 07777;
	entry.uid = st.st_uid;
	entry.gid = st.st_gid;
	entry.mtime = st.st_mtime;
	entry.size = 0;
	entry.link[0] = 0;
	entry.major = major(st.st_rdev);
	entry.minor = minor(st.st_rdev);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG: entry.type = '0'; pack_file(directory, file); return;
	case S_IFDIR: entry.type = '5'; pack_directory(directory, file, &st, above); return;
	case S_IFCHR: entry.type = '3'; break;
	case S_IFBLK: entry.type = '4'; break;
	case S_IFIFO: entry.type = '6'; break;
	case S_IFLNK: {
		entry.type = '2';
		ssize_t n = readlinkat(directory, file, entry.link, sizeof entry.link - 1);
		if (n < 0)
			return;
		entry.link[n] = 0;
		break;
	}
	default: return; /* sockets have no place in an archive */
	}
	tar_begin(&entry);
}

/* The name that the archive's entries begin with: the path's last component. */
static void name_of(const char *path)
{
	char real[NAME_MAX_LENGTH];
	const char *last = strrchr(path, '/');
	last = last ? last + 1 : path;
	if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
		if (!realpath(path, real))
			tar_fail("not_found", "%.500s: %s", path, strerror(errno));
		last = strrchr(real, '/') + 1;
	}
	snprintf(entry.name, sizeof entry.name, "%s", *last ? last : ".");
}

int tar_out(const char *given, int follow_links)
{
	char path[NAME_MAX_LENGTH];
	size_t length = strlen(given);
	if (length == 0 || length >= sizeof path)
		tar_fail("invalid_argument", "a path of %zu bytes", length);
	strcpy(path, given);
	bool slash = path[length - 1] == '/';
	while (length > 1 && path[length - 1] == '/')
		path[--length] = 0;
	struct stat st;
	if (lstat(path, &st) < 0)
		tar_fail(errno == ENOENT || errno == ENOTDIR ? "not_found" : "storage_failed", "%.500s: %s", path, strerror(errno));
	follow = follow_links;
	name_of(strcmp(path, "/") == 0 ? "" : path);
	char inside[NAME_MAX_LENGTH + 2];
	if (slash && S_ISLNK(st.st_mode)) { /* `link/` means the directory it leads to */
		if (stat(path, &st) < 0)
			tar_fail("not_found", "%.500s: %s", path, strerror(errno));
		snprintf(inside, sizeof inside, "%s/.", path);
		pack(AT_FDCWD, inside, NULL);
	} else {
		pack(AT_FDCWD, path, NULL);
	}
	tar_finish();
	return 0;
}
