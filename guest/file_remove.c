#define _GNU_SOURCE
#include "file.h"
#include "tar.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A directory that is being emptied, and what it is called in the one above. */
struct level {
	dev_t device;
	ino_t inode;
	char name[256];
};

static struct level *levels;
static size_t depth;

static void enter(int fd, const char *name, const char *path)
{
	struct stat st;
	struct level *grown = realloc(levels, (depth + 1) * sizeof *levels);
	if (!grown || fstat(fd, &st) < 0)
		file_fail("cannot remove", path);
	levels = grown;
	levels[depth].device = st.st_dev;
	levels[depth].inode = st.st_ino;
	strcpy(levels[depth++].name, name);
}

/* Removes what is in a directory until one is met that is not empty: its descriptor, or -1 when nothing is left. */
static int empty(int directory, char *name, const char *path)
{
	int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = own < 0 ? NULL : fdopendir(own);
	int inside = -1;
	if (!entries)
		file_fail("cannot remove", path);
	while (inside < 0) {
		errno = 0;
		struct dirent *entry = readdir(entries);
		if (!entry && errno)
			file_fail("cannot remove", path);
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(directory, entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM)
			file_fail("cannot remove what is in", path);
		if (unlinkat(directory, entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST)
			file_fail("cannot remove what is in", path);
		strcpy(name, entry->d_name);
		inside = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inside < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			file_fail("cannot remove what is in", path);
	}
	closedir(entries);
	return inside;
}

/* However deep it is, two descriptors are open: the way up is `..`, which must lead to where it came from. */
static int leave(int directory, const char *path)
{
	struct stat st;
	int above = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct level *level = &levels[depth - 2];
	if (above < 0 || fstat(above, &st) < 0)
		file_fail("cannot remove", path);
	if (st.st_dev != level->device || st.st_ino != level->inode)
		tar_fail("storage_failed", "%.500s was moved while it was removed; what is left of it is still there", path);
	close(directory);
	return above;
}

static void remove_below(int parent, const char *last, const char *path)
{
	char name[256];
	int directory = openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		file_fail("cannot remove", path);
	enter(directory, last, path);
	for (;;) {
		int inside = empty(directory, name, path);
		if (inside >= 0) {
			close(directory);
			directory = inside;
			enter(directory, name, path);
		} else if (depth > 1) {
			directory = leave(directory, path);
			depth--;
			/* One that is filled meanwhile is emptied again when it is met again. */
			if (unlinkat(directory, levels[depth].name, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != ENOTDIR)
				file_fail("cannot remove what is in", path);
		} else {
			close(directory);
			return;
		}
	}
}

int file_remove(char *path, bool recursive)
{
	const char *last;
	struct stat st;
	bool names_directory = file_names_directory(path);
	int parent = file_open_parent(path, &last, false);
	if (fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		file_fail("cannot remove", path);
	if (names_directory && !S_ISDIR(st.st_mode))
		tar_fail("invalid_argument", "%.500s is a %s, and a path with a slash at its end only a directory; leave the slash out", path,
			 file_kind(st.st_mode));
	int removed = unlinkat(parent, last, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	if (removed == 0)
		return 0;
	if (!S_ISDIR(st.st_mode) || (errno != ENOTEMPTY && errno != EEXIST))
		file_fail("cannot remove", path);
	if (!recursive)
		tar_fail("invalid_argument", "%.500s is a directory that is not empty; remove it with recursive", path);
	remove_below(parent, last, path);
	if (unlinkat(parent, last, AT_REMOVEDIR) < 0)
		file_fail("cannot remove", path);
	return 0;
}
