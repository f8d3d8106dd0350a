#include "tree.h"
#include "loop.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A narrow range: the value also weighs a little in the kernel's choice of a victim. */
enum { MARKER_FIRST = 300, MARKERS = 128, ROUNDS = 32, PATIENCE_MS = 200, TICKS_PER_SECOND = 100 };

static bool marker_used[MARKERS];

int marker_take(void)
{
	static int last;
	for (int i = 0; i < MARKERS; i++) {
		last = (last + 1) % MARKERS;
		if (!marker_used[last]) {
			marker_used[last] = true;
			return MARKER_FIRST + last;
		}
	}
	return MARKER_NONE;
}

void marker_release(int marker)
{
	if (marker >= MARKER_FIRST)
		marker_used[marker - MARKER_FIRST] = false;
}

uint64_t ticks_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * TICKS_PER_SECOND + (uint64_t)t.tv_nsec / (1000000000 / TICKS_PER_SECOND);
}

static ssize_t read_small(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, text, size - 1);
	close(fd);
	if (n >= 0)
		text[n] = 0;
	return n;
}

static bool read_process(pid_t pid, struct process *process)
{
	char text[1024], state;
	if (read_small(pid, "stat", text, sizeof text) <= 0)
		return false;
	char *rest = strrchr(text, ')'); /* the name before it may hold anything */
	unsigned long long start;
	int parent, group, session;
	if (!rest || sscanf(rest + 1, " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &state,
			    &parent, &group, &session, &start) != 5)
		return false;
	if (state == 'Z' || state == 'X')
		return false;
	*process = (struct process){ .pid = pid, .parent = parent, .group = group, .session = session, .start_ticks = start };
	return true;
}

/* A fork bomb leaves no time to look at all it has started: when that takes too long, the whole box stands still until
   it is done. What was stopped before goes on with the rest then. */
static bool standstill;

static void stand_still(uint64_t since)
{
	if (standstill || now_ms() - since < PATIENCE_MS)
		return;
	standstill = true;
	kill(-1, SIGSTOP);
}

static void go_on(void)
{
	if (standstill)
		kill(-1, SIGCONT);
	standstill = false;
}

static struct process *read_processes(int *count)
{
	uint64_t since = now_ms();
	DIR *proc = opendir("/proc");
	if (!proc)
		return NULL;
	struct process *all = NULL;
	int capacity = 0;
	struct dirent *entry;
	*count = 0;
	while ((entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		if (pid <= 1)
			continue;
		stand_still(since);
		if (*count == capacity) {
			capacity = capacity ? capacity * 2 : 64;
			struct process *grown = realloc(all, (size_t)capacity * sizeof *all);
			if (!grown)
				break;
			all = grown;
		}
		if (read_process(pid, &all[*count]))
			(*count)++;
	}
	closedir(proc);
	return all;
}

static bool has_marker(pid_t pid, int marker)
{
	char text[32];
	return read_small(pid, "oom_score_adj", text, sizeof text) > 0 && atoi(text) == marker;
}

static const struct process *find_pid(const struct process_set *set, pid_t pid)
{
	for (int i = 0; i < set->count; i++)
		if (set->at[i].pid == pid)
			return &set->at[i];
	return NULL;
}

/* Whether p follows from the members among all. */
static bool follows(const struct process *p, const struct process *all, int count)
{
	for (int i = 0; i < count; i++)
		if (all[i].member && (all[i].pid == p->parent || (p->session > 1 && all[i].session == p->session)))
			return true;
	return false;
}

static void search(struct process_set *set, pid_t main, bool exited, int marker, uint64_t start_ticks)
{
	int count = 0;
	struct process *all = read_processes(&count);
	for (int i = 0; i < count; i++) {
		struct process *p = &all[i];
		const struct process *old = find_pid(set, p->pid);
		bool known = old && old->start_ticks == p->start_ticks;
		p->stopped = known && old->stopped;
		p->member = known || (p->pid == main && !exited) || p->session == main || p->group == main ||
			    (p->parent == 1 && marker != MARKER_NONE && p->start_ticks + 1 >= start_ticks &&
			     has_marker(p->pid, marker));
	}
	for (bool grew = true; grew;) {
		grew = false;
		for (int i = 0; i < count; i++)
			if (!all[i].member && follows(&all[i], all, count))
				grew = all[i].member = true;
	}
	int kept = 0;
	for (int i = 0; i < count; i++)
		if (all[i].member)
			all[kept++] = all[i];
	free(set->at);
	set->at = all;
	set->count = kept;
}

void process_set_find(struct process_set *set, pid_t main, bool exited, int marker, uint64_t start_ticks)
{
	search(set, main, exited, marker, start_ticks);
	go_on();
}

void process_set_signal(const struct process_set *set, int signal)
{
	for (int i = 0; i < set->count; i++)
		kill(set->at[i].pid, signal);
}

void process_set_kill(struct process_set *set, pid_t main, bool exited, int marker, uint64_t start_ticks)
{
	bool new = true;
	if (!exited)
		kill(-main, SIGSTOP); /* before the search, for which a fork bomb would leave no time */
	for (int round = 0; new && round < ROUNDS; round++) {
		new = false;
		search(set, main, exited, marker, start_ticks);
		for (int i = 0; i < set->count; i++)
			if (!set->at[i].stopped) {
				kill(set->at[i].pid, SIGSTOP);
				set->at[i].stopped = new = true;
			}
	}
	process_set_signal(set, SIGKILL);
	if (!exited)
		kill(-main, SIGKILL); /* also where there is no /proc */
	go_on();
}

void process_set_free(struct process_set *set)
{
	free(set->at);
	*set = (struct process_set){ 0 };
}
