#define _GNU_SOURCE
#include "tar_entry.h"
#include "tar.h"
#include "tar_place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { DEPTH_MAX = NAME_MAX_LENGTH / 2 };

/* The directories that the current entry is in and that this archive made: their names are beginnings of `path`. */
static struct {
	uint32_t length, mode, uid, gid, mtime_ns;
	int64_t mtime;
} open_directories[DEPTH_MAX];
static int depth;
static char path[NAME_MAX_LENGTH];
static bool root_is_ours;

void entry_owns_root(void)
{
	root_is_ours = true;
}

static void set_times(int fd, const char *name, int64_t mtime, uint32_t ns)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime, .tv_nsec = ns } };
	if (name)
		utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW);
	else
		futimens(fd, times);
}

static void set_attributes(int fd, uint32_t mode, uint32_t uid, uint32_t gid, int64_t mtime, uint32_t ns)
{
	/* An owner that the box cannot have (its id is not mapped) is left out. */
	if (geteuid() == 0 && fchown(fd, uid, gid) < 0 && errno != EPERM && errno != EINVAL)
		tar_fail_errno("cannot set the owner of", "a file");
	if (fchmod(fd, mode) < 0)
		tar_fail_errno("cannot set the mode of", "a file");
	set_times(fd, NULL, mtime, ns);
}

void entry_finish_directories(const char *name)
{
	size_t length = strlen(name);
	while (depth) {
		size_t own = open_directories[depth - 1].length;
		if (*name && length > own && (!own || (strncmp(name, path, own) == 0 && name[own] == '/')))
			return;
		depth--;
		path[own] = 0;
		const char *last = ".";
		int parent = own ? place_parent(path, &last) : place_root_fd();
		int fd = openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue; /* a later entry took its place */
		set_attributes(fd, open_directories[depth].mode, open_directories[depth].uid, open_directories[depth].gid,
			       open_directories[depth].mtime, open_directories[depth].mtime_ns);
		close(fd);
	}
}

static void remember_directory(const struct tar_entry *e)
{
	if (depth == DEPTH_MAX)
		return;
	strcpy(path, e->name);
	open_directories[depth].length = (uint32_t)strlen(e->name);
	open_directories[depth].mode = e->mode;
	open_directories[depth].uid = e->uid;
	open_directories[depth].gid = e->gid;
	open_directories[depth].mtime = e->mtime;
	open_directories[depth].mtime_ns = e->mtime_ns;
	depth++;
}

void entry_write(int fd, const struct tar_entry *e)
{
	const uint8_t *bytes;
	for (size_t length; (length = tar_data(&bytes));)
		while (length) {
			ssize_t n = write(fd, bytes, length);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				tar_fail_errno("cannot write", e->name);
			bytes += n;
			length -= (size_t)n;
		}
	set_attributes(fd, e->mode, e->uid, e->gid, e->mtime, e->mtime_ns);
}

/* Takes what is in the entry's place away. 0, or EBUSY when something is mounted there. */
static int make_way(int parent, const char *last, const struct tar_entry *e, int overwrite)
{
	struct stat st;
	if (!overwrite)
		tar_fail("already_exists", "%.500s exists already; allow overwriting or choose another path", e->name);
	if (fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		tar_fail("already_exists", "%.500s is a directory, and the archive holds something else by that name", e->name);
	if (unlinkat(parent, last, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		tar_fail_errno("cannot replace", e->name);
	return EBUSY;
}

static void unpack_file(int parent, const char *last, const struct tar_entry *e, int overwrite)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent, last, flags, 0600);
	if (fd < 0 && errno == EEXIST) {
		if (make_way(parent, last, e, overwrite) == EBUSY)
			flags = O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
		fd = openat(parent, last, flags, 0600);
	}
	if (fd < 0)
		tar_fail_errno("cannot create", e->name);
	entry_write(fd, e);
	if (close(fd) < 0)
		tar_fail_errno("cannot write", e->name);
}

static void unpack_directory(const struct tar_entry *e, int overwrite)
{
	const char *last;
	if (!*e->name) {
		if (root_is_ours && !depth)
			remember_directory(e);
		return;
	}
	int parent = place_parent(e->name, &last);
	if (mkdirat(parent, last, 0700) == 0) {
		remember_directory(e);
		return;
	}
	if (errno != EEXIST)
		tar_fail_errno("cannot make directory", e->name);
	if (place_is_directory(e->name))
		return; /* it was there before, and keeps its attributes */
	if (make_way(parent, last, e, overwrite) || mkdirat(parent, last, 0700) < 0)
		tar_fail_errno("cannot make directory", e->name);
	remember_directory(e);
}

static int link_to(const struct tar_entry *e, int parent, const char *last)
{
	char target[NAME_MAX_LENGTH];
	const char *target_last;
	strcpy(target, e->link);
	place_clean(target);
	if (!*target)
		tar_fail("invalid_argument", "the archive holds a hard link to nothing: %.300s", e->name);
	int from = place_parent(target, &target_last);
	int result = linkat(from, target_last, parent, last, 0);
	if (result < 0 && errno == ENOENT)
		tar_fail("invalid_argument", "the archive holds a hard link to %.200s, which is not there", e->link);
	return result;
}

static int make_node(const struct tar_entry *e, int parent, const char *last)
{
	if (e->type == '1')
		return link_to(e, parent, last);
	if (e->type == '2')
		return symlinkat(e->link, parent, last);
	mode_t kind = e->type == '6' ? S_IFIFO : e->type == '3' ? S_IFCHR : S_IFBLK;
	int result = mknodat(parent, last, kind | 0600, makedev(e->major, e->minor));
	if (result < 0 && errno == EPERM)
		tar_fail("invalid_argument", "the archive holds a device, which this box may not make: %.300s", e->name);
	return result;
}

/* By a descriptor of the node itself: a process of the box may have put another file in its place by now. */
static void set_node_attributes(int parent, const char *last, const struct tar_entry *e)
{
	char path_of_node[40];
	struct stat st;
	int fd = openat(parent, last, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	mode_t kind = e->type == '2' ? S_IFLNK : e->type == '6' ? S_IFIFO : e->type == '3' ? S_IFCHR : S_IFBLK;
	if (fd < 0 || fstat(fd, &st) < 0)
		tar_fail_errno("cannot open", e->name);
	if ((st.st_mode & S_IFMT) != kind || st.st_nlink > 1)
		tar_fail("storage_failed", "%.500s was replaced while it was unpacked", e->name);
	int owned = geteuid() == 0 ? fchownat(fd, "", e->uid, e->gid, AT_EMPTY_PATH) : 0;
	if (owned < 0 && errno == EBADF) /* gVisor's kernel gives no owner by such a descriptor */
		owned = fchownat(parent, last, e->uid, e->gid, AT_SYMLINK_NOFOLLOW);
	if (owned < 0 && errno != EPERM && errno != EINVAL)
		tar_fail_errno("cannot set the owner of", e->name);
	snprintf(path_of_node, sizeof path_of_node, "/proc/self/fd/%d", fd);
	if (e->type != '2' && chmod(path_of_node, e->mode) < 0)
		tar_fail_errno("cannot set the mode of", e->name);
	close(fd);
	set_times(parent, last, e->mtime, e->mtime_ns);
}

static void unpack_node(const struct tar_entry *e, int overwrite)
{
	const char *last;
	int parent = dup(place_parent(e->name, &last));
	if (parent < 0)
		tar_fail_errno("cannot open the directory of", e->name);
	int result = make_node(e, parent, last);
	if (result < 0 && errno == EEXIST && make_way(parent, last, e, overwrite) == 0)
		result = make_node(e, parent, last);
	if (result < 0)
		tar_fail_errno("cannot create", e->name);
	if (e->type != '1')
		set_node_attributes(parent, last, e);
	close(parent);
}

void entry_unpack(const struct tar_entry *e, int overwrite)
{
	const char *last;
	entry_finish_directories(*e->name ? e->name : "/");
	if (e->type == '5') {
		unpack_directory(e, overwrite);
	} else if (!*e->name) {
		tar_fail("invalid_argument", "the archive holds an entry without a name");
	} else if (e->type == '0') {
		int parent = place_parent(e->name, &last);
		unpack_file(parent, last, e, overwrite);
	} else {
		unpack_node(e, overwrite);
	}
	tar_skip_data();
}
