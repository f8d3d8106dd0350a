#define _GNU_SOURCE
#include "microvm.h"
#include "guest.h"
#include "microvm_root.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_SIZE = 256 << 10, OPEN_FILES = 1 << 20, PORT_TURNS = 2000, CAPABILITIES = 64 };

struct settings {
	const char *hostname;
	unsigned long long capabilities, guest_capabilities;
	bool attached, probe;
	int devices;
};

/* There is nothing to go back to: the machine ends, and with it the channel, which the runtime sees. */
static _Noreturn void turn_off(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	_exit(1);
}

void microvm_fail(const char *what, const char *which)
{
	fprintf(stderr, "boxlite-guest: cannot %s %s: %s\n", what, which, strerror(errno));
	turn_off();
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static int is_module(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* In the order of their names, for one needs the other. One that does not fit shows in what is then missing. */
static void load_modules(void)
{
	struct dirent **names;
	int count = scandir("/modules", &names, is_module, by_name);
	for (int i = 0; i < count; i++) {
		char path[300];
		snprintf(path, sizeof path, "/modules/%s", names[i]->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			syscall(SYS_finit_module, fd, "", 0);
			close(fd);
			unlink(path);
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return;
	request.ifr_flags |= IFF_UP;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

static void await_port(int devices)
{
	for (int turn = 0; faccessat(devices, MICROVM_PORT, F_OK, 0) < 0; turn++) {
		if (turn == PORT_TURNS)
			microvm_fail("find", MICROVM_PORT);
		usleep(5000);
	}
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		errno = 0; /* a kernel without this setting */
	close(fd);
}

/* For good, and for everything that the box will ever start. */
static void drop_capabilities(unsigned long long kept)
{
	struct { uint32_t version; int pid; } header = { 0x20080522, 0 };
	struct { uint32_t effective, permitted, inheritable; } sets[2] = { 0 };
	for (int i = 0; i < CAPABILITIES; i++)
		if (!(kept >> i & 1))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	for (int i = 0; i < 2; i++)
		sets[i].effective = sets[i].permitted = (uint32_t)(kept >> (32 * i));
	if (syscall(SYS_capset, &header, sets) < 0)
		microvm_fail("drop", "capabilities");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Process 1 of the box: sees no thread of the kernel, and not what turns the machine off. */
static int box_main(void *given)
{
	const struct settings *settings = given;
	const struct rlimit files = { OPEN_FILES, OPEN_FILES }, core = { 0, 0 };
	microvm_enter_proc();
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_CORE, &core);
	write_to("/proc/self/oom_score_adj", "-1000");
	write_to("/proc/sys/kernel/threads-max", "4096");
	microvm_protect_proc();
	drop_capabilities(settings->guest_capabilities);
	guest_at_port(settings->devices, MICROVM_PORT, settings->attached, settings->capabilities);
	return 0;
}

static bool read_settings(int argc, char **argv, struct settings *settings)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--attached") == 0)
			settings->attached = true;
		else if (strcmp(argv[i], "--probe") == 0)
			settings->probe = true;
		else if (strcmp(argv[i], "--hostname") == 0 && i + 1 < argc)
			settings->hostname = argv[++i];
		else if (strcmp(argv[i], "--capabilities") == 0 && i + 1 < argc)
			settings->capabilities = strtoull(argv[++i], NULL, 16);
		else if (strcmp(argv[i], "--guest-capabilities") == 0 && i + 1 < argc)
			settings->guest_capabilities = strtoull(argv[++i], NULL, 16);
		else
			return false;
	}
	return true;
}

int microvm_main(int argc, char **argv)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	struct settings settings = { .hostname = "box" };
	if (getpid() != 1) {
		fprintf(stderr, "boxlite-guest: microvm must be the first process of a virtual machine\n");
		return 64;
	}
	if (!read_settings(argc, argv, &settings))
		microvm_fail("read", "the command line of the kernel");
	if (settings.probe)
		turn_off();
	umask(022);
	load_modules();
	settings.devices = microvm_root(settings.hostname);
	await_port(settings.devices);
	raise_loopback();
	pid_t box = clone(box_main, stack + sizeof stack, CLONE_NEWPID | SIGCHLD, &settings);
	if (box < 0)
		microvm_fail("start", "the guest");
	while (waitpid(box, NULL, 0) < 0 && errno == EINTR)
		;
	turn_off();
}
