#define _GNU_SOURCE
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FIELDS_MAX = 8, FILE_MAX = 4 << 20, KEPT_MAX = 64 << 10 };

/* A file as it was when it was read. */
struct table {
	const char *path;
	char *text;
	struct stat as;
	bool settled; /* its last change was long enough before that a later one shows in its times */
};
static struct table users = { .path = "/etc/passwd" }, groups = { .path = "/etc/group" };

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool unchanged(const struct table *t)
{
	struct stat st;
	return t->settled && stat(t->path, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == t->as.st_dev && st.st_ino == t->as.st_ino &&
	       st.st_size == t->as.st_size && same_time(&st.st_mtim, &t->as.st_mtim) && same_time(&st.st_ctim, &t->as.st_ctim);
}

/* The whole file as text; NULL where there is none. Never waits: the box may have put a pipe there. */
static char *read_file(const char *path, struct stat *as)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	char *text = NULL;
	if (fstat(fd, as) == 0 && S_ISREG(as->st_mode) && as->st_size <= FILE_MAX && (text = malloc((size_t)as->st_size + 1))) {
		ssize_t n = read(fd, text, (size_t)as->st_size);
		text[n > 0 ? n : 0] = 0;
	}
	close(fd);
	return text;
}

/* A copy of the table's text, to be freed; NULL where there is none. */
static char *read_table(struct table *t)
{
	struct timespec now;
	if (!unchanged(t)) {
		free(t->text);
		t->text = read_file(t->path, &t->as);
		clock_gettime(CLOCK_REALTIME, &now);
		t->settled = t->text && now.tv_sec - t->as.st_ctim.tv_sec > 1 && t->as.st_size <= KEPT_MAX;
	}
	char *text = t->text;
	if (t->settled)
		return text ? strdup(text) : NULL;
	t->text = NULL;
	return text;
}

/* Splits the next line of *at into fields; the number of fields, 0 at the end. */
static int next_line(char **at, char *fields[FIELDS_MAX])
{
	char *line = *at;
	if (!line || !*line)
		return 0;
	char *end = strchr(line, '\n');
	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = 0;
	int count = 0;
	while (count < FIELDS_MAX) {
		fields[count++] = line;
		line = strchr(line, ':');
		if (!line)
			break;
		*line++ = 0;
	}
	return count;
}

static bool number(const char *text, uint32_t *value)
{
	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 10)
		return false;
	unsigned long long n = strtoull(text, NULL, 10);
	*value = (uint32_t)n;
	return n < 0xffffffffull;
}

static bool lists(const char *members, const char *name)
{
	size_t length = strlen(name);
	for (const char *at = members; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, length) == 0 && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}

/* The row of the user by name or uid; copies its name. */
static bool find_user(const char *wanted, struct identity *identity, char *name, size_t size)
{
	char *text = read_table(&users), *at = text, *fields[FIELDS_MAX];
	uint32_t wanted_uid = 0, uid, gid;
	bool numeric = number(wanted, &wanted_uid), found = false;
	for (int n; !found && (n = next_line(&at, fields));) {
		if (n < 6 || !number(fields[2], &uid) || !number(fields[3], &gid))
			continue;
		if (strcmp(fields[0], wanted) != 0 && !(numeric && uid == wanted_uid))
			continue;
		found = true;
		identity->uid = uid;
		identity->gid = gid;
		snprintf(identity->home, sizeof identity->home, "%s", fields[5]);
		snprintf(name, size, "%s", fields[0]);
	}
	free(text);
	if (!found && numeric) {
		identity->uid = wanted_uid;
		return true;
	}
	return found;
}

static bool find_group(const char *wanted, gid_t *gid)
{
	char *text = read_table(&groups), *at = text, *fields[FIELDS_MAX];
	bool found = false;
	for (int n; !found && (n = next_line(&at, fields));)
		found = n >= 3 && strcmp(fields[0], wanted) == 0 && number(fields[2], gid);
	free(text);
	return found || number(wanted, gid);
}

static void find_groups(const char *name, struct identity *identity)
{
	char *text = read_table(&groups), *at = text, *fields[FIELDS_MAX];
	for (int n; identity->group_count < GROUPS_MAX && (n = next_line(&at, fields));)
		if (n >= 4 && lists(fields[3], name) && number(fields[2], &identity->groups[identity->group_count]))
			identity->group_count++;
	free(text);
}

bool identity_find(const char *spec, struct identity *identity, char *message, size_t size)
{
	char user[256], name[256] = "";
	const char *group = strchr(spec, ':');
	size_t length = group ? (size_t)(group - spec) : strlen(spec);
	memset(identity, 0, sizeof *identity);
	if (length >= sizeof user) {
		snprintf(message, size, "user name too long");
		return false;
	}
	memcpy(user, spec, length);
	user[length] = 0;
	if (!find_user(*user ? user : "0", identity, name, sizeof name)) {
		snprintf(message, size, "user not found: %s (no such name in the box's /etc/passwd); use a uid", user);
		return false;
	}
	if (group && group[1]) {
		if (!find_group(group + 1, &identity->gid)) {
			snprintf(message, size, "group not found: %.200s (no such name in the box's /etc/group); use a gid", group + 1);
			return false;
		}
	} else if (*name) {
		find_groups(name, identity);
	}
	if (!*identity->home)
		strcpy(identity->home, "/");
	return true;
}

int identity_assume(const struct identity *identity)
{
	if (syscall(SYS_setgroups, (size_t)identity->group_count, identity->groups) < 0 && identity->group_count)
		return errno;
	if (syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) < 0)
		return errno;
	if (syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid) < 0)
		return errno;
	return 0;
}
