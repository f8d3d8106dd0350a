#define _GNU_SOURCE
#include "guest.h"
#include "abandoned.h"
#include "connection.h"
#include "execution.h"
#include "loop.h"
#include "loopback.h"
#include "oom.h"
#include "process_limit.h"
#include "spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_CONTACT_MS = 60000, TERM_GRACE_MS = 5000, LAST_WORDS_MS = 1000, TRIM_MS = 1000, SIGNALS_MAX = 16 };

static struct watch signals = { .fd = -1 };
static bool attached, opens_loopback, shutting_down, empty;
static uint64_t capabilities = ~0ULL; /* what the programs of the box may ever have */
static const char *processes; /* how many there may be; null: that is counted elsewhere */
static const char *listened_at; /* where the guest has made its socket itself */
static uint64_t kill_all_at, leave_at;

static void reap(void)
{
	int status;
	struct rusage usage;
	pid_t pid;
	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
		execution_exited(pid, status, &usage);
	executions_reaped();
}

void guest_shut_down(uint32_t grace_ms)
{
	if (shutting_down)
		return;
	shutting_down = true;
	kill_all_at = now_ms() + grace_ms;
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
}

/* Sent from outside the box: no pid in here, and no code that a process may choose itself. */
static bool from_outside(const struct signalfd_siginfo *info)
{
	return info->ssi_pid == 0 && info->ssi_code >= 0;
}

static void signals_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	struct signalfd_siginfo infos[SIGNALS_MAX]; /* what is left of more than that keeps the descriptor ready */
	ssize_t n = read(watch->fd, infos, sizeof infos);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof *infos; i++)
		if ((infos[i].ssi_signo == SIGTERM || infos[i].ssi_signo == SIGINT) && from_outside(&infos[i]))
			guest_shut_down(TERM_GRACE_MS);
	reap();
}

static bool all_told(void)
{
	for (struct execution *e = executions; e; e = e->next)
		if (e->attached && !e->exit_sent)
			return false;
	return connection_idle();
}

/* Exits once every process is gone and the runtime was told, or has had its time. */
static void shut_down_on(uint64_t now)
{
	if (now >= kill_all_at)
		kill(-1, SIGKILL);
	if (!empty && kill(-1, 0) < 0 && errno == ESRCH) {
		empty = true;
		leave_at = now + LAST_WORDS_MS;
	}
	if (empty && (now >= leave_at || all_told()))
		_exit(0);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(path);
	mode_t mask = umask(077);
	bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 16) == 0;
	umask(mask);
	return bound ? fd : -1;
}

static int open_listener(int argc, char **argv)
{
	int fd = -1;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--attached") == 0)
			attached = true;
		else if (strcmp(argv[i], "--capabilities") == 0 && i + 1 < argc)
			capabilities = strtoull(argv[++i], NULL, 16);
		else if (strcmp(argv[i], "--processes") == 0 && i + 1 < argc)
			processes = argv[++i];
		else if (strcmp(argv[i], "--loopback") == 0)
			opens_loopback = true;
		else if (strcmp(argv[i], "--fd") == 0 && i + 1 < argc)
			fd = atoi(argv[++i]);
		else if (strcmp(argv[i], "--listen") == 0 && i + 1 < argc)
			fd = listen_at(listened_at = argv[++i]);
		else
			return -1;
	}
	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	close_between(3, fd - 1); /* whatever else the engine left open is nobody's business here */
	close_between(fd + 1, INT32_MAX);
	return fd;
}

/* What is the guest's alone no program inherits: its own set is that of a process, theirs comes with their exec. */
static bool limit_capabilities(void)
{
	for (int number = 0; number < 64 && prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; number++)
		if (!(capabilities >> number & 1) && prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1 &&
		    prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
			return false;
	return true;
}

static void set_up_process(void)
{
	sigset_t all;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= 2; fd++)
		if (null >= 0 && fcntl(fd, F_GETFD) < 0)
			dup2(null, fd);
	if (null > 2)
		close(null);
	for (int number = 1; number < 65; number++)
		signal(number, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_DUMPABLE, 0);
	umask(022);
	if (mkdir("/tmp", 0700) == 0) /* nothing runs yet that could have put a link there since */
		chmod("/tmp", 01777);
	getrlimit(RLIMIT_NOFILE, &program_files);
	struct rlimit files = { program_files.rlim_max, program_files.rlim_max };
	setrlimit(RLIMIT_NOFILE, &files);
	program_files.rlim_max = program_files.rlim_cur; /* the soft limit is the box's, the hard one the guest's own */
	loop_open();
	signals.fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	signals.ready = signals_ready;
	watch_set(&signals, EPOLLIN);
}

static int until(uint64_t due, uint64_t now, int timeout)
{
	if (!due)
		return timeout;
	int wait = due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
	return timeout < 0 || wait < timeout ? wait : timeout;
}

static uint64_t new_boot_id(void)
{
	uint64_t id;
	return getrandom(&id, sizeof id, 0) == sizeof id ? id : now_us();
}

/* Until the box is to end. */
static void run(void)
{
	uint64_t next = 0, trim_at = 0, contact_by = attached ? now_ms() + FIRST_CONTACT_MS : 0;
	for (;;) {
		uint64_t now = now_ms();
		if (timers_changed || (next && now >= next)) {
			timers_changed = false;
			next = executions_tick(now);
			if (!trim_at)
				trim_at = now + TRIM_MS;
		}
		uint32_t held_us = connection_held_us();
		if (!held_us)
			executions_watch();
		bool more = !held_us && connection_flush();
		if (trim_at && now >= trim_at) {
			outputs_trim();
			trim_at = 0;
		}
		if (contact_by && connection_open())
			contact_by = 0;
		if (attached && (connection_ended() || (contact_by && now >= contact_by)))
			return;
		uint64_t look_at = 0;
		/* Where nobody is there who would end it. */
		if (!attached && !connection_open() && abandoned(now, &look_at))
			guest_shut_down(TERM_GRACE_MS);
		int timeout = until(next, now, until(trim_at, now, until(contact_by, now, more ? 0 : -1)));
		timeout = until(look_at, now, timeout);
		if (shutting_down) {
			shut_down_on(now);
			timeout = until(empty || now >= kill_all_at ? now + 10 : kill_all_at, now, timeout);
		}
		if (held_us && timeout)
			loop_turn_us(held_us);
		else
			loop_turn(timeout);
	}
}

int guest_main(int argc, char **argv)
{
	if (getpid() != 1) { /* it signals every process it can see */
		fprintf(stderr, "boxlite-guest: must be process 1 of its box\n");
		return 64;
	}
	int fd = open_listener(argc, argv);
	if (fd < 0) {
		fprintf(stderr, "boxlite-guest: no listening socket; usage: guest (--fd N | --listen PATH) [--attached] [--capabilities HEX] [--processes COUNT] [--loopback]\n");
		return 64;
	}
	if (processes && !limit_processes(processes)) {
		fprintf(stderr, "boxlite-guest: cannot limit processes\n");
		return 64;
	}
	if (!limit_capabilities()) {
		fprintf(stderr, "boxlite-guest: cannot give up capabilities\n");
		return 64;
	}
	set_up_process();
	if (opens_loopback && !loopback_listen()) {
		fprintf(stderr, "boxlite-guest: cannot listen at port %d\n", LOOPBACK_PORT);
		return 64;
	}
	if (listened_at)
		abandoned_watch_path(listened_at);
	else
		abandoned_watch("/etc/hostname"); /* which the runtime has put there, from the box's folder */
	connection_listen(fd, new_boot_id());
	run();
	return 0;
}

void guest_at_port(int directory, const char *name, bool ends_with_it, uint64_t of_programs)
{
	attached = ends_with_it;
	capabilities = of_programs;
	if (!limit_capabilities())
		return;
	set_up_process();
	oom_whole_machine();
	connection_port(directory, name, new_boot_id());
	run();
}
