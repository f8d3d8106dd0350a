/* The processes of one execution, found through /proc: descendants, everything in their sessions, and orphans, which
   have only the execution's marker left (an oom_score_adj of its own: inherited, readable by everybody, and not
   lowered by accident). */
#ifndef BOXLITE_TREE_H
#define BOXLITE_TREE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { MARKER_NONE = 299 };

struct process {
	pid_t pid, parent, group, session;
	uint64_t start_ticks;
	bool member, stopped;
};
struct process_set {
	struct process *at;
	int count;
};

/* Replaces the set by what belongs to the execution now: the living of the old set are kept. */
void process_set_find(struct process_set *set, pid_t main, bool exited, int marker, uint64_t start_ticks);
void process_set_signal(const struct process_set *set, int signal);
/* Stops all, looks again until nothing new turns up, kills all. */
void process_set_kill(struct process_set *set, pid_t main, bool exited, int marker, uint64_t start_ticks);
void process_set_free(struct process_set *set);

/* A marker that no living execution has; MARKER_NONE when all are taken. */
int marker_take(void);
void marker_release(int marker);
/* The clock that processes' start times are told in. */
uint64_t ticks_now(void);
#endif
