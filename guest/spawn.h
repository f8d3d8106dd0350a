/* A new process: everything between the fork and the program. */
#ifndef BOXLITE_SPAWN_H
#define BOXLITE_SPAWN_H
#include "user.h"
#include <stdbool.h>
#include <sys/resource.h>

enum stage { STAGE_FORK = 1, STAGE_TERMINAL, STAGE_USER, STAGE_CWD, STAGE_PROGRAM };

struct spawn {
	int fds[3];
	bool terminal;
	int marker; /* its oom_score_adj */
	const char *cwd;
	const struct identity *identity;
	char **argv, **env;
	char **candidates;      /* paths to try, in order, NULL at the end */
	char **shell_argv;      /* argv for a script without #!: /bin/sh, the path, the rest */
	int (*builtin)(char **argv); /* instead of a program */
	enum stage failed;      /* 0: it runs */
	int error;
};

/* The soft limit on open files that programs get; the guest itself goes up to the hard one. */
extern struct rlimit program_files;

/* The pid of the new process, or -1 with `failed` and `error` set. */
pid_t spawn(struct spawn *spawn);
/* Closes every descriptor from first to last. */
void close_between(int first, int last);
#endif
