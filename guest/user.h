/* Who a program runs as, by the box's own /etc/passwd and /etc/group. */
#ifndef BOXLITE_USER_H
#define BOXLITE_USER_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { GROUPS_MAX = 256 };

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int group_count;
	char home[256];
};

/* `<name or uid>[:<group or gid>]`; empty: uid 0. On failure writes a message. */
bool identity_find(const char *spec, struct identity *identity, char *message, size_t size);
/* The calling process becomes it; 0 or an errno. Only system calls: fit for a vfork child. */
int identity_assume(const struct identity *identity);
#endif
