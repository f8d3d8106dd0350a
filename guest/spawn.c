#define _GNU_SOURCE
#include "spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
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

static pid_t spawn_program(struct spawn *s)
{
	pid_t pid = vfork();
	if (pid == 0) {
		if (prepare(s))
			run_program(s);
		_exit(127);
	}
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
