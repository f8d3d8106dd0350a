#define _GNU_SOURCE
#include "spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NUDGE_MS = 100, NUDGES = 50, STACK_SIZE = 32 << 10 };

struct rlimit program_files;

static void fail(struct spawn *s, enum stage stage, int error)
{
	s->failed = stage;
	s->error = error;
}

/* Three digits: a marker is 299 to 427. */
static void raise_oom_score(int marker)
{
	char text[3] = { (char)('0' + marker / 100), (char)('0' + marker / 10 % 10), (char)('0' + marker % 10) };
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, text, sizeof text) < 0)
		errno = 0; /* best effort: a box without it only loses the marker */
	close(fd);
}

/* In the child. Only system calls: after vfork its memory is the guest's. */
static bool prepare(struct spawn *s)
{
	sigset_t none;
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(s->fds[i], i);
	if (s->terminal && ioctl(0, TIOCSCTTY, 0) < 0) {
		fail(s, STAGE_TERMINAL, errno);
		return false;
	}
	raise_oom_score(s->marker);
	syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &program_files, NULL);
	int cwd = chdir(s->cwd) < 0 ? errno : 0;
	int user = identity_assume(s->identity);
	if (user) {
		fail(s, STAGE_USER, user);
		return false;
	}
	if (cwd && chdir(s->cwd) < 0) {
		fail(s, STAGE_CWD, cwd);
		return false;
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpriority(PRIO_PROCESS, 0, 0); /* the guest's own may be higher; last, so that a fork bomb holds up little */
	return true;
}

static void run_program(struct spawn *s)
{
	int error = ENOENT;
	for (char **path = s->candidates; *path; path++) {
		execve(*path, s->argv, s->env);
		if (errno == ENOEXEC) {
			s->shell_argv[1] = *path;
			execve(s->shell_argv[0], s->shell_argv, s->env);
			errno = ENOEXEC;
		}
		if (errno == EACCES)
			error = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR) {
			error = errno;
			break;
		}
	}
	fail(s, STAGE_PROGRAM, error);
}

/* Any process of the same user may stop a child before its exec. That must not stop the guest: the child is told to go
   on, and is killed when that was in vain. Counted in turns, so that a box that is paused loses only one. */
static void nudge(struct spawn *s, pid_t pid, int turn)
{
	if (pid <= 0)
		return;
	kill(pid, turn < NUDGES ? SIGCONT : SIGKILL);
	if (turn >= NUDGES)
		fail(s, STAGE_FORK, ETIMEDOUT);
}

static char watcher_stack[STACK_SIZE] __attribute__((aligned(16))), child_stack[STACK_SIZE] __attribute__((aligned(16)));
static int watch_timer = -1;
static _Atomic(struct spawn *) watched;
static atomic_bool timer_set;
static volatile pid_t child;
static volatile int turns;

static void set_timer(void)
{
	const struct itimerspec once = { .it_value.tv_nsec = NUDGE_MS * 1000000 };
	timer_set = true;
	timerfd_settime(watch_timer, 0, &once, NULL);
}

/* A thread of process 1, which the box cannot stop, for the wait of a vfork cannot be cut short. It wakes once in a turn
   while there are children, and sleeps when there was none for a turn. */
static int watcher_main(void *unused)
{
	uint64_t passed;
	(void)unused;
	for (;;) {
		if (read(watch_timer, &passed, sizeof passed) < 0)
			continue;
		timer_set = false;
		struct spawn *s = watched;
		if (s) {
			nudge(s, child, turns++);
			set_timer();
		}
	}
	return 0;
}

static bool start_watcher(void)
{
	const int shared = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	watch_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (watch_timer < 0)
		return false;
	if (clone(watcher_main, watcher_stack + STACK_SIZE, shared, NULL) >= 0)
		return true;
	close(watch_timer);
	watch_timer = -1;
	return false;
}

static void watch(struct spawn *s)
{
	turns = 0;
	watched = s;
	if (s && !timer_set)
		set_timer();
}

static int child_main(void *spawned)
{
	if (prepare(spawned))
		run_program(spawned);
	_exit(127);
}

/* As vfork does, this waits until the child runs its program; unlike vfork, it tells the child's pid before. */
static pid_t spawn_program(struct spawn *s)
{
	if (watch_timer < 0 && !start_watcher())
		return -1;
	child = -1;
	watch(s);
	pid_t pid = clone(child_main, child_stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD, s, &child);
	int error = errno;
	watch(NULL);
	errno = error;
	return pid;
}

void close_between(int first, int last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	for (int fd = first; fd <= last && fd < 65536; fd++)
		close(fd);
}

/* A builtin runs in a copy of the guest, which reports through a pipe whether it got that far. */
static pid_t spawn_builtin(struct spawn *s)
{
	int report[2];
	if (pipe2(report, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		bool ready = prepare(s);
		if (write(report[1], s, sizeof *s) < 0)
			_exit(127);
		if (!ready)
			_exit(127);
		close_between(3, INT32_MAX);
		_exit(s->builtin(s->argv));
	}
	int error = errno;
	close(report[1]);
	struct pollfd reported = { .fd = report[0], .events = POLLIN };
	for (int turn = 0; pid > 0 && poll(&reported, 1, NUDGE_MS) == 0; turn++)
		nudge(s, pid, turn);
	struct spawn told;
	if (pid > 0 && read(report[0], &told, sizeof told) == sizeof told) {
		s->failed = told.failed;
		s->error = told.error;
	}
	close(report[0]);
	errno = error;
	return pid;
}

pid_t spawn(struct spawn *s)
{
	pid_t pid = s->builtin ? spawn_builtin(s) : spawn_program(s);
	if (pid < 0) {
		if (!s->failed)
			fail(s, STAGE_FORK, errno);
		return -1;
	}
	if (s->failed) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return -1;
	}
	return pid;
}
