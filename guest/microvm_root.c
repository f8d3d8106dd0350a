#define _GNU_SOURCE
#include "microvm_root.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { CLOSED = MS_NOSUID | MS_NODEV | MS_NOEXEC, WRITABLE = 0666, TURNS = 2000 };

static void need_mount(const char *type, const char *source, const char *target, unsigned long flags, const char *data)
{
	mkdir(target, 0755);
	if (mount(source, target, type, flags, data) < 0)
		microvm_fail("mount", type);
}

static void await_device(const char *path)
{
	for (int turn = 0; access(path, F_OK) < 0; turn++) {
		if (turn == TURNS)
			microvm_fail("find", path);
		usleep(5000);
	}
}

/* The image below, read-only; the box's own disk above. */
static void mount_disks(void)
{
	await_device("/dev/vda");
	await_device("/dev/vdb");
	need_mount("erofs", "/dev/vda", "/image", MS_RDONLY | MS_NODEV, NULL);
	need_mount("ext4", "/dev/vdb", "/disk", MS_NODEV, "noinit_itable");
	if (mkdir("/disk/upper", 0755) < 0 && errno != EEXIST)
		microvm_fail("write to", "/disk");
	mkdir("/disk/work", 0700);
	need_mount("overlay", "overlay", "/box", MS_NODEV,
		   "lowerdir=/image,upperdir=/disk/upper,workdir=/disk/work,redirect_dir=nofollow,metacopy=off,index=off");
}

static void make_device(const char *path, unsigned minor)
{
	mknod(path, S_IFCHR | WRITABLE, makedev(1, minor));
	chmod(path, WRITABLE);
}

/* The usual few: none that leads to the disks, to memory or to the channel. */
static void make_devices(void)
{
	need_mount("tmpfs", "tmpfs", "dev", MS_NOSUID, "mode=755,size=65536k");
	make_device("dev/null", 3);
	make_device("dev/zero", 5);
	make_device("dev/full", 7);
	make_device("dev/random", 8);
	make_device("dev/urandom", 9);
	mknod("dev/tty", S_IFCHR | WRITABLE, makedev(5, 0));
	chmod("dev/tty", WRITABLE);
	need_mount("devpts", "devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	need_mount("tmpfs", "shm", "dev/shm", CLOSED, "mode=1777,size=65536k");
	symlink("pts/ptmx", "dev/ptmx");
	symlink("/proc/self/fd", "dev/fd");
	symlink("/proc/self/fd/0", "dev/stdin");
	symlink("/proc/self/fd/1", "dev/stdout");
	symlink("/proc/self/fd/2", "dev/stderr");
}

static void write_file(const char *path, const char *text)
{
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return; /* an image whose /etc is no directory */
	if (write(fd, text, strlen(text)) < 0)
		errno = 0; /* a full disk: the box still starts, so that something can be deleted */
	close(fd);
}

static void write_names(const char *hostname)
{
	char text[400];
	mkdir("etc", 0755);
	sethostname(hostname, strlen(hostname));
	snprintf(text, sizeof text, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t%.200s\n", hostname);
	write_file("etc/hosts", text);
	snprintf(text, sizeof text, "%.200s\n", hostname);
	write_file("etc/hostname", text);
	write_file("etc/resolv.conf", "# This box has no network of its own.\n");
}

int microvm_root(const char *hostname)
{
	need_mount("devtmpfs", "devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, NULL);
	int low = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int devices = fcntl(low, F_DUPFD_CLOEXEC, 3); /* a machine without a console gave its first process no streams */
	close(low);
	mount_disks();
	if (devices < 0 || chdir("/box") < 0)
		microvm_fail("enter", "/box");
	make_devices();
	need_mount("sysfs", "sysfs", "sys", CLOSED | MS_RDONLY, NULL);
	write_names(hostname);
	if (mkdir("proc", 0755) < 0 && errno != EEXIST)
		microvm_fail("make", "/proc");
	unlink("/init");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		microvm_fail("move to", "/box");
	return devices;
}

void microvm_enter_proc(void) { need_mount("proc", "proc", "/proc", CLOSED, NULL); }

void microvm_protect_proc(void)
{
	static const char *const masked[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list" };
	static const char *const fixed[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" };
	for (size_t i = 0; i < sizeof masked / sizeof *masked; i++)
		mount("/dev/null", masked[i], NULL, MS_BIND, NULL);
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (mount(fixed[i], fixed[i], NULL, MS_BIND | MS_REC, NULL) == 0)
			mount(NULL, fixed[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | CLOSED, NULL);
}
